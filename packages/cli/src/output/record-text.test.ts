import { proportionOf, type RecordedModel, type RunRecord } from '@advrob/evaluation';
import { expect, it } from 'vitest';
import { recordTable, recordText } from './record-text.js';

const share = (count: number): RecordedModel['clean'] => proportionOf(count, 500) as RecordedModel['clean'];

/** So much of a record as the table shows. */
function recordOf(models: Partial<RecordedModel>[]): RunRecord {
  const points = [0.1, 0.2].map((epsilon, i) => ({ epsilon, robust: share(400 - 100 * i) }));
  const attacks = [{ label: 'pgd', norm: 'linf', points }];
  const shared = { clean: share(490), robust: share(300), attacks, worstCase: [{}] };
  return {
    data: { name: 'mnist', split: 'test', length: 500 },
    models: models.map((model) => ({ ...shared, ...model })),
  } as unknown as RunRecord;
}

const record = recordOf([
  { name: 'standard', training: { method: 'erm' } as RecordedModel['training'] },
  {
    name: 'trades',
    note: 'undertrained',
    training: { method: 'trades', adversarialGradients: 1200 } as RecordedModel['training'],
  },
]);

it('shows all where there is room, and gives up smaller radii, digits and intervals in this order', () => {
  const header = (width: number): string => recordTable(record, width).split('\n')[1]!;
  expect(recordTable(record, Infinity)).toMatch(/^mnist test, 500 images:\n/);
  expect(header(Infinity)).toMatch(/model +adv\. gradients +clean +pgd linf 0\.1 +pgd linf 0\.2 +worst case +note/);
  const trades = (width: number): string => recordTable(record, width).split('\n').at(-1)!;
  expect(trades(Infinity)).toMatch(/trades +1200 +98\.0% \[96\.4, 98\.9\] +80\.0%.*undertrained/);
  const full = header(Infinity).length;
  expect(header(full - 1)).not.toContain('0.1');
  expect(trades(full - 1)).toContain('[96.4, 98.9]');
  expect(trades(header(full - 1).length - 1)).toContain('[96, 99]');
  expect(trades(10)).not.toContain('[');
});

it('says what was warned of, and what was no number under an attack', () => {
  const points = [{ epsilon: 0.1, robust: share(300), notFinite: { points: 3, gradients: 12 } }];
  const attacks = [{ label: 'pgd', norm: 'linf', points }] as unknown as RecordedModel['attacks'];
  const training = { method: 'pgd-at', notFiniteGradients: 7 } as RecordedModel['training'];
  const warnings = [{ model: 'mine', message: 'is at chance' }];
  const broken = { ...recordOf([{ name: 'mine', attacks, training }]), checks: [], warnings, analyses: [] };
  const text = recordText(broken).join('\n');
  expect(text).toContain('mine, pgd at 0.1: 3 points with NaN scores, counted as found; 12 gradients, counted as zero');
  expect(text).toContain('Warnings:\n  mine: is at chance');
  expect(text).toContain('mine, in training: 7 gradients, counted as zero');
});

it('has no column that no model needs', () => {
  const plain = recordTable(recordOf([{ name: 'mine' }]), Infinity);
  expect(plain).not.toMatch(/gradients|note|distance/);
  const minimal = { examples: 10, found: 10, median: 0.123 };
  const attacks = [{ label: 'fab', norm: 'linf', points: [], minimal }] as unknown as RecordedModel['attacks'];
  const distances = recordTable(recordOf([{ name: 'mine', attacks, worstCase: [] }]), Infinity);
  expect(distances).toContain('fab linf, median distance');
  expect(distances).toContain('0.123');
  expect(distances).not.toContain('worst case');
});
