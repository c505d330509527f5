import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { describe, expect, it } from 'vitest';
import { attackLoss, attackLosses } from './attack-losses.js';

const int32 = (...values: number[]) => tf.tensor1d(values, 'int32');
const matrix = (...rows: number[][]) => tf.tensor2d(rows);
const gradientOf = async (loss: (z: tf.Tensor) => tf.Tensor, z: tf.Tensor) =>
  (await tf
    .grad((v) => tf.sum(loss(v)))(z)
    .array()) as number[][];

describe('attack losses', () => {
  const y = int32(0, 1, 2);
  const target = int32(3, 3, 0);
  const clean = matrix([1, 0, 0, 0], [0, 2, 0, 1], [0, 0.5, 1, 0]);
  const names = Object.keys(attackLosses);

  it.each(names)('%s: has the gradient of finite differences', async (name) => {
    const logits = matrix([0.3, -1.1, 0.7, 0.2], [1.5, 2.3, -0.4, 0.1], [0.9, -0.6, 0.2, 1.4]);
    for (const rows of name === 'kl'
      ? [{ y, clean }]
      : [
          { y, clean },
          { y, clean, target },
        ]) {
      const value = (z: tf.Tensor) => tf.sum(attackLosses[name]!.value(z, rows));
      const gradient = await gradientOf(value, logits);
      const start = (await logits.array()) as number[][];
      for (let i = 0; i < 3; i++)
        for (let k = 0; k < 4; k++) {
          const shifted = async (by: number) => {
            const moved = start.map((row) => [...row]);
            moved[i]![k]! += by;
            return (await value(tf.tensor2d(moved)).data())[0]!;
          };
          const slope = ((await shifted(0.01)) - (await shifted(-0.01))) / 0.02;
          expect(Math.abs(slope - gradient[i]![k]!)).toBeLessThan(2e-3);
        }
    }
  });

  it.each(names)('%s: is finite with a finite gradient at logits of 1e4 and at equal logits', async (name) => {
    const logits = matrix([1e4, -1e4, 0, 1], [0, -1e4, 1e4, 1e4], [7, 7, 7, 7]);
    const rows = { y, clean: matrix([1e4, 0, 0, 0], [-1e4, 1e4, 0, 0], [7, 7, 7, 7]) };
    const value = (z: tf.Tensor) => attackLosses[name]!.value(z, rows);
    expect([...(await value(logits).data())].every(Number.isFinite)).toBe(true);
    expect((await gradientOf(value, logits)).flat().every(Number.isFinite)).toBe(true);
  });

  it.each(names)('%s: rewards a better attack, and leaks nothing', async (name) => {
    const rows = { y: int32(0), clean: matrix([3, 0, 0, 0]) };
    const [right, wrong] = [matrix([2, 0.5, 0, -1]), matrix([0, 2.5, 0, -1])];
    const before = tf.memory().numTensors;
    const values = [right, wrong].map((logits) => attackLosses[name]!.value(logits, rows));
    expect(tf.memory().numTensors).toBe(before + 2);
    const [low, high] = await Promise.all(values.map((value) => value.data()));
    expect(high![0]).toBeGreaterThan(low![0]!);
    const gradient = tf.grad((z) => tf.sum(attackLosses[name]!.value(z, rows)))(right);
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose([...values, gradient]);
  });

  it.each(names.filter((name) => name !== 'kl'))('%s: rewards reaching a target', async (name) => {
    const rows = { y: int32(0), target: int32(1), clean: matrix([3, 0, 0, 0]) };
    const [far] = await attackLosses[name]!.value(matrix([2, 0.5, 0, -1]), rows).data();
    const [near] = await attackLosses[name]!.value(matrix([2, 1.5, 0, -1]), rows).data();
    const [otherClass] = await attackLosses[name]!.value(matrix([2, 0.5, 0, 1.9]), rows).data();
    expect(near).toBeGreaterThan(far!);
    expect(otherClass).toBeLessThanOrEqual(name === 'dlr' ? 0 : far!);
  });

  it('refuses a targeted kl and unknown names', () => {
    const rows = { y, target, clean };
    expect(() => attackLosses.kl!.value(clean, rows)).toThrow(/no targeted form.*ADVROB_LOSS/);
    expect(attackLoss('dlr')).toBe(attackLosses.dlr);
    expect(() => attackLoss('marign')).toThrow(/did you mean margin\?.*ADVROB_UNKNOWN_NAME/);
    expect(() => attackLoss('hinge')).toThrow(/known: ce, margin, dlr, kl, log1mp/);
    expect(() => attackLoss('toString')).toThrow(/ADVROB_UNKNOWN_NAME/);
  });
});
