import type { RunRecord } from '@advrob/evaluation';
import { describe, expect, it } from 'vitest';
import { sampleRecord } from '../test/support/sample-record.js';
import { renderSweep, type SweptRun } from './render-sweep.js';

/** A record whose first model alone has these shares. */
function recordOf(clean: number, robust: number, name = 'net'): RunRecord {
  const record = sampleRecord();
  const [first] = record.models;
  const share = (rate: number) => ({ ...first!.clean, rate });
  return { ...record, models: [{ ...first!, name, clean: share(clean), robust: share(robust) }] };
}

const runs: SweptRun[] = [0.1, 0.2].flatMap((epsilon) =>
  [0, 1].map((seed) => ({
    name: `seed=${seed},epsilon=${epsilon}`,
    settings: { seed, 'threat.epsilon': epsilon },
    record: recordOf(0.9, 0.8 - 2 * epsilon + 0.02 * seed),
  })),
);

describe('renderSweep', () => {
  it("averages over seeds, with Student's t, and draws what is swept", async () => {
    const { summary, files, html, markdown } = await renderSweep('a sweep', runs);
    expect(summary.map(({ settings, model, robust: { n } }) => [settings, model, n])).toEqual([
      [{ 'threat.epsilon': 0.1 }, 'net', 2],
      [{ 'threat.epsilon': 0.2 }, 'net', 2],
    ]);
    // 0.6 and 0.62: mean 0.61, deviation 0.02 / sqrt 2, t(0.975, 1) = 12.7062: half 0.127062.
    const { mean, interval } = summary[0]!.robust;
    expect(mean).toBeCloseTo(0.61, 12);
    expect(interval![0]).toBeCloseTo(0.61 - 0.127062, 5);
    expect(interval![1]).toBeCloseTo(0.61 + 0.127062, 5);
    expect(files['sweep.csv']!.split('\r\n').slice(0, 2)).toEqual([
      'threat.epsilon,model,seeds,clean,clean low,clean high,robust,robust low,robust high',
      expect.stringMatching(/^0\.1,net,2,0\.9,0\.9,0\.9,0\.61/),
    ]);
    expect(Object.keys(files)).toContain('figures/robust-accuracy-over-threat-epsilon.svg');
    expect(html).toContain('href="seed%3D0%2Cepsilon%3D0.1/report.html"');
    expect(markdown).toContain('| 0.1 | net | 2 | 90.0% [90.0, 90.0] | 61.0% [48.3, 73.7] |');
  });

  it('gives one run no interval, and escapes what a config or record says', async () => {
    const hostile = '<script>alert(1)</script>';
    const { html, summary } = await renderSweep(hostile, [
      { name: hostile, settings: { [hostile]: hostile }, record: recordOf(0.9, 0.5, hostile) },
    ]);
    expect(summary[0]!.robust.interval).toBeNull();
    expect(html).not.toContain('<script');
  });

  it('refuses runs that measured nothing', async () => {
    const empty = { ...sampleRecord(), models: [] };
    await expect(renderSweep('none', [{ name: 'a', settings: { seed: 1 }, record: empty }])).rejects.toMatchObject({
      code: 'ADVROB_RECORD',
    });
  });
});
