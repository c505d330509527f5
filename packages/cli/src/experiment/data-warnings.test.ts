import { expect, it } from 'vitest';
import { evaluationWarnings, labelWarnings, radiusWarnings } from './data-warnings.js';

const pictures = { inputShape: [2, 2, 1], bounds: [0, 1] } as const;

it('speaks up about radii that reach every input, in units of the norm', () => {
  const of = (norm: 'linf' | 'l2' | 'l1' | 'l0', ...epsilon: number[]) => radiusWarnings([{ norm, epsilon }], pictures);
  expect(of('linf', 0.99, Infinity)).toEqual([]);
  expect(of('linf', 0.1, 8)).toEqual([
    {
      message:
        'epsilon 8 in linf reaches every input that there can be, since inputs are in [0, 1]: did you mean 8/255?',
    },
  ]);
  expect([of('l2', 1.99), of('l1', 3.99), of('l0', 3)]).toEqual([[], [], []]);
  expect([of('l2', 2), of('l1', 4), of('l0', 4)].map((each) => each.length)).toEqual([1, 1, 1]);
  const bytes = { inputShape: [4], bounds: [0, 255] } as const;
  expect(radiusWarnings([{ norm: 'linf', epsilon: 8 }], bytes)).toEqual([]);
  expect(radiusWarnings([{ norm: 'linf', epsilon: 255 }], bytes)[0]!.message).not.toContain('did you mean');
});

const data = { name: 'signs', numClasses: 2, classNames: ['stop', 'go'] };
const evaluation = (labels: number[], right: number) => ({
  labels: Int32Array.from(labels),
  result: {
    name: 'net',
    attacks: [],
    clean: { count: right, total: labels.length, rate: right / labels.length, interval: [0, 1] as [number, number] },
  },
});

it('speaks up about examples of one class, and says why that may be', () => {
  expect(labelWarnings([0, 0, 0], data, 3)[0]!.message).toMatch(
    /all 3 examples of signs are of class 0 \(stop\).*`take`/,
  );
  expect(labelWarnings([1, 1], data, undefined)[0]!.message).toMatch(/class 1 \(go\): nothing is measured/);
  expect(labelWarnings([1, 1], data, 100)[0]!.message).toMatch(/nothing is measured/);
  expect(labelWarnings([1, 0], data, undefined)).toEqual([]);
  expect(labelWarnings([1], data, 1)).toEqual([]);
  expect(evaluationWarnings(evaluation([1, 1, 1], 3), data, 3)).toHaveLength(1);
});

it('speaks up about an accuracy that guessing has', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i % 2);
  // Two deviations of a fair coin over 100 throws are 10 throws.
  for (const [right, count] of [
    [0, 1],
    [50, 1],
    [60, 1],
    [61, 0],
  ] as const)
    expect(evaluationWarnings(evaluation(hundred, right), data, undefined)).toHaveLength(count);
});

it('says of an attack that it is an upper bound', () => {
  const { labels, result } = evaluation([0, 1, 0, 1, 0, 1], 6);
  const attacks = [{ label: 'quick', caveat: 'is an upper bound' }, { label: 'pgd' }];
  expect(evaluationWarnings({ labels, result: { ...result, attacks } }, data, undefined)).toEqual([
    { message: 'the number of quick is an upper bound' },
  ]);
});
