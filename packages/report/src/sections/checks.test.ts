import { createRecord, proportionOf, type RunRecord } from '@advrob/evaluation';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderReport, type Report } from '../render-report.js';
import { plain, sampleRecord, textOf, untrained } from '../../test/support/sample-record.js';

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

let report: Report;
beforeAll(async () => {
  const record = sampleRecord(['standard', 'pgd-at']);
  report = await renderReport(createRecord({ ...record, models: plain(record.models), checks }));
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

  it('change the headline where one found a stronger attack, with its name and radius', async () => {
    const sample = sampleRecord(['standard', 'pgd-at']);
    const robust = { ...proportionOf(6, 64), interval: [0.044, 0.19] as [number, number] };
    const attack = { name: 'apgd-dlr', norm: 'linf' as const, epsilon: 0.3, robust };
    const found = { ...vanishing, model: 'pgd-at', name: 'other-attack-beats-white-box', severity: 'warning' as const };
    const models = untrained(sample.models).map((model) => ({ ...model, samples: [] }));
    const make = (names: string[], change: object = {}) =>
      renderReport({
        ...sample,
        models: models.filter(({ name }) => names.includes(name)),
        checks: [{ ...found, attack: { ...attack, ...change } }],
      });
    const { markdown, html, json } = await make(['pgd-at']);
    const answer =
      'Under apgd-dlr of the checks (L∞ 0.3), pgd-at still classifies 9.4% of the first 64 of 1,000 mnist test examples rightly';
    expect(markdown.startsWith(answer)).toBe(true);
    expect(html).toContain(answer);
    expect(markdown).toContain('the 36.0% under fgsm and pgd (L∞ 0.3) are too high');
    expect(markdown).toContain('36.0% (33.1–39.0); 9.4% of 64 under apgd-dlr of the checks (L∞ 0.3) |');
    expect(html.replace(/\s+/g, ' ')).toContain('Tried: apgd-dlr, L∞ 0.3: 9.4% of 64 examples withstand it');
    expect((JSON.parse(json) as unknown[]).at(-1)).toMatchObject({
      kind: 'check',
      attack: 'apgd-dlr',
      epsilon: 0.3,
      count: 6,
    });
    const both = await make(['standard', 'pgd-at']);
    expect(both.markdown).toMatch(
      /^Under fgsm and pgd \(L∞ 0\.3\), pgd-at still classifies 9\.4% \(of the first 64, under apgd-dlr of/,
    );
    // At another radius or in another norm it says nothing of this one.
    for (const change of [{ epsilon: 0.4 }, { norm: 'l2' }, { robust: { ...robust, rate: 0.9 } }])
      expect((await make(['pgd-at'], change)).markdown).toMatch(
        /^Under fgsm and pgd \(L∞ 0\.3\), pgd-at still classifies 36\.0%/,
      );
  });

  it('leave nothing where there are none, and no doubt where nothing serious was found', async () => {
    const sample = sampleRecord(['standard']);
    const record = { ...sample, models: plain(sample.models) };
    const without = await renderReport(record);
    expect(without.html).not.toContain('false robustness');
    const mild = await renderReport({ ...record, checks: [{ ...vanishing, severity: 'warning' }] });
    expect(mild.html).toContain('id="checks"');
    // The contents lead there; nothing in the text does.
    expect(mild.html.replace(/<nav class="contents".*?<\/nav>/s, '')).not.toContain('href="#checks"');
    const foreign = await renderReport({ ...record, checks: [{ name: 'of a plugin', model: 'standard' }] });
    expect(foreign.html).not.toContain('id="checks"');
  });

  it('keep to the width of a phone: no fixed widths, texts that wrap', () => {
    const section = report.html.slice(report.html.indexOf('<h2 id="checks">')).split('</section>')[0]!;
    expect(section).not.toMatch(/<table|<pre|style=|width=|nowrap/);
    expect(report.html).toContain('overflow-wrap: anywhere');
  });
});

it('what was no number under an attack stands under the answer', async () => {
  const sample = sampleRecord(['standard']);
  const models = sample.models.map((model) => ({
    ...model,
    training: { method: 'pgd-at', steps: 10, seed: 0, curves: [], notFiniteGradients: 7 },
    attacks: model.attacks.map((attack) => ({
      ...attack,
      points: attack.points.map((point) => ({ ...point, notFinite: { points: 2, gradients: 30 } })),
    })),
  }));
  const { html, markdown } = await renderReport(createRecord({ ...sample, models }));
  for (const text of [html, markdown]) {
    expect(text).toMatch(/standard: at 2 adversarial points of .+ a score is NaN; they count as found\./);
    expect(text).toContain('standard: 7 gradients of the attack in training were not finite and counted as zero');
    expect(text).toMatch(/standard: 30 gradients of .+ were not finite and counted as zero/);
  }
});
