import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import '../../training/test/support/cpu.js';
import { ratFixture } from '../test/support/rat-fixture.js';
import { tanhModel } from '../test/support/tanh-model.js';
import { lastLayerSums, softTargets } from './soft-targets.js';

async function tableOf(gap: number[], spread: number): Promise<number[][]> {
  const before = tf.memory().numTensors;
  const input = tf.tensor1d(gap);
  const table = softTargets(input, spread);
  const rows = (await table.array()) as number[][];
  input.dispose();
  table.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return rows;
}

const gaps = fc.array(
  fc.oneof(
    fc.float({ min: -10, max: 10, noNaN: true }),
    fc.constantFrom(0, 1e-7, -1e-7, 1e-20, -1e-20, 1e-38, -3e4, 3e4),
  ),
  { minLength: 2, maxLength: 12 },
);

it('rows sum to 1, none is negative, and the true class has 1 - spread, whatever the gap', async () => {
  await fc.assert(
    fc.asyncProperty(gaps, fc.constantFrom(0, 0.2, 0.8, 0.98, 1), async (gap, spread) => {
      const rows = await tableOf(gap, spread);
      rows.forEach((row, i) => {
        expect(Math.abs(row.reduce((sum, value) => sum + value, 0) - 1)).toBeLessThan(1e-5);
        expect(Math.abs(row[i]! - (1 - spread))).toBeLessThan(1e-6);
        for (const value of row) expect(value).toBeGreaterThanOrEqual(0);
      });
    }),
    { numRuns: 300 },
  );
});

it('shares the rest in proportion to the gap above the smallest', async () => {
  const rows = await tableOf([3, 1, 2, 6], 0.8);
  const expected = [
    [0.2, 0, 0.8 / 6, (0.8 * 5) / 6],
    [(0.8 * 2) / 8, 0.2, 0.8 / 8, (0.8 * 5) / 8],
    [(0.8 * 2) / 7, 0, 0.2, (0.8 * 5) / 7],
    [(0.8 * 2) / 3, 0, 0.8 / 3, 0.2],
  ];
  expected.forEach((row, i) => row.forEach((value, j) => expect(rows[i]![j]).toBeCloseTo(value, 6)));
});

it('knows no scale: squares of the sums of a confident network are small', async () => {
  const small = await tableOf([3e-20, 1e-20, 2e-20, 6e-20], 0.8);
  const rows = await tableOf([3, 1, 2, 6], 0.8);
  rows.forEach((row, i) => row.forEach((value, j) => expect(small[i]![j]).toBeCloseTo(value, 5)));
});

it('gives equal parts where all gaps are equal, or where only the true class has one', async () => {
  for (const row of await tableOf([0.3, 0.3, 0.3, 0.3, 0.3], 0.8))
    for (const value of row) expect(value).toBeCloseTo(0.2, 6);
  const [, second] = await tableOf([0, 5, 0, 0], 0.6);
  second!.forEach((value, j) => expect(value).toBeCloseTo(j === 1 ? 0.4 : 0.2, 6));
});

it("the last layer's sums are those of autodiff", async () => {
  const model = tanhModel(ratFixture.initial, ratFixture.shapes);
  const [x, y] = [tf.tensor2d(ratFixture.x), tf.tensor1d(ratFixture.y, 'int32')];
  const last = model.weights['last.weight']!;
  const { grads } = tf.variableGrads(() => meanCrossEntropy(model.logits(x), y) as tf.Scalar, [last]);
  const expected = await tf.sum(grads[last.name]!, 0).data();
  const found = await lastLayerSums(model.logits(x), model.features!(x), y).data();
  expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.05);
  expected.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(1e-6));
  model.dispose!();
});

it("the last layer's sums keep the label's own where its probability rounds to 1", async () => {
  const sums = await lastLayerSums(tf.tensor2d([[30, 1, 0]]), tf.tensor2d([[2, 1]]), tf.tensor1d([0], 'int32')).data();
  const rest = [Math.exp(-29), Math.exp(-30)];
  [-(rest[0]! + rest[1]!), ...rest].forEach((wanted, k) => expect(sums[k]! / (3 * wanted)).toBeCloseTo(1, 4));
});
