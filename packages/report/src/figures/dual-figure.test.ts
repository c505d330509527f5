import { describe, expect, it } from 'vitest';
import { plain, sampleRecord } from '../../test/support/sample-record.js';
import { renderReport } from '../render-report.js';
import { subjectsOf } from '../subjects.js';
import { dualFigures } from './dual-figure.js';

describe('primal-dual training', () => {
  it('shows constraint and dual variable of the models that have them', async () => {
    const record = sampleRecord();
    const [first, second, ...others] = plain(record.models);
    const before = record.models[1]!.training!;
    const curve = (name: string) => ({
      name,
      kind: 'loss' as const,
      on: 'training' as const,
      points: [1, 2, 3].map((step): [number, number] => [step, step / 8]),
    });
    const training = { ...before, curves: [...before.curves, curve('nu'), curve('slack')] };
    const models = [first!, { ...second!, training }, ...others];
    const { html, files } = await renderReport({ ...record, models });
    expect(html).toContain('Constraint and dual variable');
    expect(html).toContain('pgd-at ends with dual variable 0.375 and slack 0.375');
    expect(files['dual-variable.csv']!.split('\r\n')).toHaveLength(1 + 6 + 1);
    expect(dualFigures(subjectsOf([record]))).toEqual([]);
  });
});
