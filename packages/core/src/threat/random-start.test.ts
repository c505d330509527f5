import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { createRowRandom } from '../random/row-random.js';
import { createThreat, norms } from './threat-model.js';

const rows = 4000;
const ids = Int32Array.from({ length: rows }, (_, i) => i);
/** So wide that no start meets them. */
const wide = [-100, 100] as const;

/** Changes [rows][d] that random starts make. */
async function changes(norm: (typeof norms)[number], epsilon: number, d: number, bounds: readonly [number, number]) {
  const x = tf.fill([rows, d], 0.5);
  const start = createThreat({ norm, epsilon }, bounds).randomStart(x, createRowRandom({ seed: 11, ids }));
  const result = (await tf.sub(start, x).array()) as number[][];
  tf.dispose([x, start]);
  return result;
}

/**
 * Kolmogorov and Smirnov's distance to the distribution, times sqrt(n): above 1.95 once in a
 * thousand samples.
 */
function gap(draws: number[], distribution: (x: number) => number): number {
  const sorted = [...draws].sort((a, b) => a - b);
  const gaps = sorted.map((x, i) => Math.max(distribution(x) - i / rows, (i + 1) / rows - distribution(x)));
  return Math.max(...gaps) * Math.sqrt(rows);
}

describe('randomStart', () => {
  it('linf: every value is uniform in [-epsilon, epsilon)', async () => {
    const drawn = await changes('linf', 0.3, 3, wide);
    for (const i of [0, 1, 2])
      expect(
        gap(
          drawn.map((row) => row[i]!),
          (x) => (x + 0.3) / 0.6,
        ),
      ).toBeLessThan(1.95);
  });

  it('l2: is uniform in the ball', async () => {
    const drawn = await changes('l2', 2, 3, wide);
    expect(
      gap(
        drawn.map((row) => Math.hypot(...row)),
        (r) => (r / 2) ** 3,
      ),
    ).toBeLessThan(1.95);
    // One coordinate of a uniform point of the unit ball in three dimensions has density 3/4 (1 -
    // x^2).
    const marginal = (x: number) => (2 + 3 * (x / 2) - (x / 2) ** 3) / 4;
    for (const i of [0, 1, 2])
      expect(
        gap(
          drawn.map((row) => row[i]!),
          marginal,
        ),
      ).toBeLessThan(1.95);
  });

  it('l1: is uniform in the ball', async () => {
    const drawn = await changes('l1', 2, 3, wide);
    const length = (row: number[]) => row.reduce((total, value) => total + Math.abs(value), 0);
    expect(gap(drawn.map(length), (r) => (r / 2) ** 3)).toBeLessThan(1.95);
    // One coordinate of a uniform point of the unit ball in three dimensions has density 3/2 (1 -
    // |x|)^2.
    const marginal = (x: number) => (x < 0 ? (1 + x / 2) ** 3 / 2 : 1 - (1 - x / 2) ** 3 / 2);
    for (const i of [0, 1, 2])
      expect(
        gap(
          drawn.map((row) => row[i]!),
          marginal,
        ),
      ).toBeLessThan(1.95);
  });

  it('l0: changes epsilon places, each as often, to values uniform in the bounds', async () => {
    const drawn = await changes('l0', 2, 5, [0, 1]);
    const chosen = [0, 0, 0, 0, 0];
    const first: number[] = [];
    for (const row of drawn) {
      expect(row.filter((value) => value !== 0)).toHaveLength(2);
      row.forEach((value, i) => (chosen[i]! += value === 0 ? 0 : 1));
      first.push(row.find((value) => value !== 0)! + 0.5);
    }
    for (const count of chosen) expect(Math.abs(count - 1600)).toBeLessThan(3.5 * Math.sqrt(rows * 0.4 * 0.6));
    expect(gap(first, (value) => value)).toBeLessThan(1.95);
  });

  it.each(norms)('%s: stays in the ball and the bounds, near a corner too', async (norm) => {
    const x = tf.tidy(() =>
      tf.cast(tf.greater(createRowRandom({ seed: 1, ids }).normal('x', [4, 2, 1]), 0), 'float32'),
    );
    const threat = createThreat({ norm, epsilon: 2 }, [0, 1]);
    const start = threat.randomStart(x, createRowRandom({ seed: 2, ids }));
    expect(start.shape).toEqual([rows, 4, 2, 1]);
    const values = await start.data();
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
    expect(Math.max(...(await threat.distance(start, x).data()))).toBeLessThanOrEqual(2 * (1 + 1e-6));
  });

  it.each(norms)('%s: does not depend on the rows beside', async (norm) => {
    const threat = createThreat({ norm, epsilon: 1 }, [0, 1]);
    const startOf = async (some: Int32Array) =>
      (await threat
        .randomStart(tf.fill([some.length, 6], 0.4), createRowRandom({ seed: 3, ids: some }))
        .array()) as number[][];
    const together = await startOf(Int32Array.of(8, 3, 5));
    expect(await startOf(Int32Array.of(5))).toEqual([together[2]]);
    expect(together[0]).not.toEqual(together[1]);
  });
});
