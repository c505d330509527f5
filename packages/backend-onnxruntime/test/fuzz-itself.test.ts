import { beforeAll, describe, expect, it } from 'vitest';
import { command, type FuzzOutcome } from './command.js';

const faults: [fault: string, op: string | undefined][] = [
  ['relu of NaN is 0', 'relu'],
  ['step of 0 is 1', undefined],
  ['max pooling sends gradients to every maximum', 'maxPool'],
  ['tanh is rough', 'tanh'],
  ['matrix products of 33 columns lose the last one', undefined],
  ['sums of nothing are 1', 'sum'],
  ['argmax takes the last maximum', 'argMax'],
  ['convolutions of 16 channels are off by one', undefined],
];

describe('the fuzzer itself', () => {
  let outcome: FuzzOutcome;
  const found = (fault: string) => outcome.subjects.find(({ name }) => name === fault);
  beforeAll(async () => {
    const names = ['none', ...faults.map(([fault]) => fault)];
    const options = ['--fault', names.join(), '--programs', '600,3000', '--seed', '1', '--stop-after', '1'];
    outcome = await command('fuzz/run.mjs', ...options);
  }, 1_200_000);

  it('agrees with cpu about an imitation without faults', () => {
    expect(found('none')).toMatchObject({ passed: 600, failed: 0 });
  });

  it.each(faults)('finds that %s', (fault, op) => {
    const { failures } = found(fault)!;
    expect(failures.length).toBeGreaterThan(0);
    if (op !== undefined) expect(failures[0]?.ops).toContain(op);
  });
});
