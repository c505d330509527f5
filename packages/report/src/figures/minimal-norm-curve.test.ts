import { createRecord, type RunRecord } from '@advrob/evaluation';
import { beforeAll, describe, expect, it } from 'vitest';
import { sampleRecord, textOf, untrained } from '../../test/support/sample-record.js';
import { renderReport, type Report } from '../render-report.js';

function withMinimal(): RunRecord {
  const record = sampleRecord(['standard', 'pgd-at']);
  const models = untrained(record.models).map((model, i) => ({
    ...model,
    samples: [],
    attacks: [
      ...model.attacks,
      {
        label: 'fab',
        attack: 'fab',
        options: { steps: 100 },
        norm: 'l2' as const,
        restarts: 1,
        loss: 'default',
        points: [],
        minimal: {
          examples: 970,
          found: i === 0 ? 970 : 900,
          mean: 0.4,
          median: i === 0 ? 0.25 : null,
          quantiles: [{ share: 0.5, distance: i === 0 ? 0.25 : null }],
          curve: [
            [0, 0.97],
            [0.25, 0.5],
            [0.8, i === 0 ? 0 : 0.07],
          ] as [number, number][],
        },
      },
    ],
  }));
  return createRecord({ ...record, models });
}

let report: Report;
beforeAll(async () => {
  report = await renderReport(withMinimal());
});

describe('smallest perturbations', () => {
  it('are drawn as steps with medians in words, in the norm of their attack', () => {
    const section = report.html.slice(report.html.indexOf('<h2 id="minimal-norm-l2"')).split('</section>')[0]!;
    expect(section.match(/<svg role="img" aria-label="[^"]{20,}"/g)).toHaveLength(2);
    const text = section.replace(/<[^>]*>/g, ' ');
    expect(text).toContain('standard under fab: median 0.25, found for 970 of 970');
    expect(text).toContain('pgd-at under fab: median not reached, found for 900 of 970');
    expect(report.files['minimal-norm-l2.csv']).toContain('standard,fab,0.25,0.5');
    const spec = JSON.parse(report.files['minimal-norm-l2.vl.json']!) as { mark: { interpolate: string } };
    expect(spec.mark.interpolate).toBe('step-after');
    expect(report.files['minimal-norm-l2.svg']).toContain('Distance (L2, in units of the input)');
    expect(Object.keys(report.files).filter((name) => name.startsWith('minimal-norm'))).toHaveLength(3);
  });

  it('are described without a radius', () => {
    expect(textOf(report.html, '<h3>Attacks</h3>', '</section>')).toContain(
      'L2, smallest perturbation without a bound',
    );
  });

  it('alone are no attack at a radius', async () => {
    const record = withMinimal();
    const models = record.models.map((model) => ({
      ...model,
      attacks: model.attacks.slice(2),
      worstCase: [],
    }));
    const { markdown } = await renderReport({ ...record, models });
    expect(markdown).toContain('no attack was judged at a radius');
  });
});
