import * as tf from '@tensorflow/tfjs-core';
import type { Classifier } from '../../contract/index.js';
import { ensure } from '../check.js';
import type { ModelCheck } from './sample-inputs.js';
import { largestDifference, magnitude, sampleInputs } from './sample-inputs.js';

/** Rounding of float32 sums, relative to the largest score. */
const rounding = 1e-4;

async function logitsOf(model: Classifier, x: tf.Tensor): Promise<number[]> {
  const logits = model.logits(x);
  const values = [...(await logits.data())];
  logits.dispose();
  return values;
}

/** What a forward pass in mode `eval` gives. */
export const forwardChecks: Readonly<Record<string, ModelCheck>> = {
  async 'gives finite float32 scores [n, numClasses]'(model) {
    for (const count of [1, 3]) {
      const x = sampleInputs(model, count);
      const logits = model.logits(x);
      const { shape, dtype } = logits;
      const values = await logits.data();
      tf.dispose([x, logits]);
      ensure(shape.join() === `${count},${model.numClasses}`, `${count} inputs gave scores [${shape.join(', ')}]`);
      ensure(dtype === 'float32', `the scores are ${dtype}`);
      ensure(values.every(Number.isFinite), 'a score is not finite');
    }
  },

  async 'gives logits, not probabilities'(model) {
    const x = sampleInputs(model, 4);
    const values = await logitsOf(model, x);
    x.dispose();
    const rows = [0, 1, 2, 3].map((row) => values.slice(row * model.numClasses, (row + 1) * model.numClasses));
    const sums = rows.map((row) => row.reduce((sum, value) => sum + value, 0));
    const areDistributions = values.every((value) => value >= 0) && sums.every((sum) => Math.abs(sum - 1) < 1e-3);
    ensure(!areDistributions, 'every row of scores is a probability distribution: leave the softmax out');
  },

  async 'gives the same scores for the same input'(model, again) {
    const x = sampleInputs(model, 3);
    const values = await logitsOf(model, x);
    ensure(largestDifference(await logitsOf(model, x), values) === 0, 'a second pass gave other scores');
    ensure(largestDifference(await logitsOf(again, x), values) === 0, 'the model made again gave other scores');
    x.dispose();
  },

  async 'scores each row as if it were alone'(model) {
    const x = sampleInputs(model, 3);
    const together = await logitsOf(model, x);
    const alone: number[] = [];
    for (let row = 0; row < 3; row++) {
      const one = tf.slice(x, row, 1);
      alone.push(...(await logitsOf(model, one)));
      one.dispose();
    }
    x.dispose();
    const difference = largestDifference(together, alone);
    ensure(difference <= rounding * magnitude(together), `scores of a batch and of its rows differ by ${difference}`);
  },

  async 'gives features and head together, and head(features(x)) is logits(x)'(model) {
    ensure((model.features === undefined) === (model.head === undefined), 'it has only one of features and head');
    if (model.features === undefined || model.head === undefined) return;
    const x = sampleInputs(model, 3);
    const features = model.features(x);
    const scores = model.head(features);
    const [values, expected] = [await scores.data(), await logitsOf(model, x)];
    const { shape } = features;
    tf.dispose([x, features, scores]);
    ensure(
      shape.length === 2 && shape[0] === 3,
      `features of 3 inputs have shape [${shape.join(', ')}], expected [3, f]`,
    );
    const difference = largestDifference(values, expected);
    ensure(difference <= rounding * magnitude(expected), `head(features(x)) differs from logits(x) by ${difference}`);
  },
};
