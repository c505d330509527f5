import { createRecord, type RunRecord } from '@advrob/evaluation';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderReport, type Report } from '../index.js';
import { sampleRecord } from '../../test/support/sample-record.js';

type Check = RunRecord['checks'][number];

const vanishing: Check = {
  model: 'standard',
  name: 'vanishing-gradients',
  kind: 'cause',
  severity: 'serious',
  value: 0.734,
  threshold: 0.05,
  question: 'Do gradients vanish?',
  measured: 'share of examples without a gradient',
  meaning: 'The attack follows the gradient, and <here> there is none to follow.',
};
const checks: Check[] = [
  vanishing,
  {
    ...vanishing,
    name: 'low-precision',
    kind: 'symptom',
    severity: 'warning',
    value: 16,
    threshold: 32,
    question: 'Are there 16 bits?',
    measured: 'bits',
  },
  { ...vanishing, name: 'train-mode', severity: 'none', value: 0, question: 'Is it in training mode?' },
  {
    ...vanishing,
    name: 'transfer',
    severity: 'untested',
    value: null,
    threshold: null,
    question: 'Do others transfer?',
  },
  { ...vanishing, model: 'pgd-at', severity: 'none', value: 0.01 },
];

function withChecks(): RunRecord {
  const record = sampleRecord(['standard', 'pgd-at']);
  const models = record.models.map((model, i) => ({
    ...model,
    attacks: [
      ...model.attacks.map((attack) => ({
        ...attack,
        points: attack.points.map((point) => ({
          ...point,
          saved: { examples: 640, confirmed: 640, quantized: 600 - i, quantizedInside: 590 },
        })),
      })),
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
  return createRecord({ ...record, models, checks });
}

/** What a reader sees between two places. */
function textOf(page: string, from: string, to: string): string {
  const start = page.indexOf(from);
  expect(start).toBeGreaterThan(0);
  return page
    .slice(start, page.indexOf(to, start))
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

let report: Report;
beforeAll(async () => {
  report = await renderReport(withChecks());
});

describe('the checks on the page', () => {
  it('say what was found, how strongly, and what it means', () => {
    const text = textOf(report.html, '<h2 id="checks">', '</section>');
    expect(text).toContain('Do gradients vanish? Yes serious cause');
    expect(text).toContain('and &#60;here&#62; there is none to follow');
    expect(text).toContain('Measured: share of examples without a gradient: 73.4%, expected at most 5.0%');
    expect(text).toContain('Are there 16 bits? Yes warning symptom');
    expect(text).toContain('bits: 16, expected at least 32');
    expect(text).toContain('Looked for and not found: 1 Is it in training mode?');
    expect(text).toContain('Not tested: 1 Do others transfer?');
    expect(text).toContain('pgd-at Nothing was found in 1 check.');
  });

  it('put a doubt under the answer, on the page and in the markdown', () => {
    const doubt = 'Checks speak against the robust accuracy of standard (vanishing gradients): it may be too high.';
    expect(report.html).toContain(`<a href="#checks">${doubt}</a>`);
    expect(report.html.indexOf(doubt)).toBeLessThan(report.html.indexOf('<table'));
    expect(report.markdown).toContain(`**${doubt}**`);
  });

  it('leave nothing where there are none, and no doubt where nothing serious was found', async () => {
    const record = sampleRecord(['standard']);
    const plain = await renderReport(record);
    expect(plain.html).not.toContain('false robustness');
    const mild = await renderReport({ ...record, checks: [{ ...vanishing, severity: 'warning' }] });
    expect(mild.html).toContain('id="checks"');
    expect(mild.html).not.toContain('href="#checks"');
    const foreign = await renderReport({ ...record, checks: [{ name: 'of a plugin', model: 'standard' }] });
    expect(foreign.html).not.toContain('id="checks"');
  });

  it('keep to the width of a phone: no fixed widths, texts that wrap', () => {
    const section = report.html.slice(report.html.indexOf('<h2 id="checks">')).split('</section>')[0]!;
    expect(section).not.toMatch(/<table|<pre|style=|width=|nowrap/);
    expect(report.html).toContain('overflow-wrap: anywhere');
  });
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
    const record = withChecks();
    const models = record.models.map((model) => ({
      ...model,
      attacks: model.attacks.slice(2),
      worstCase: [],
      samples: [],
    }));
    const { markdown } = await renderReport({ ...record, models });
    expect(markdown).toContain('no attack was judged at a radius');
  });
});

describe('saved adversarial examples', () => {
  it('are counted at the largest epsilon, as loaded and after rounding', () => {
    const text = textOf(report.html, '<h2>Saved adversarial examples</h2>', '</section>');
    expect(text).toContain(
      'pgd-at , pgd, L∞ 0.3: of 640 saved examples 640 fool the model as loaded in float32; after rounding to 8 bits 599, of which 590 still lie in the ball.',
    );
    expect(text.match(/640 saved/g)).toHaveLength(4);
  });
});
