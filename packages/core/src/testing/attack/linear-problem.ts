import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Classifier, Norm } from '../../contract/index.js';
import { createRandom } from '../../random.js';
import { linearClassifier } from '../linear-classifier.js';

/**
 * Examples of a linear classifier, for which the distance to the nearest other class is known
 * exactly.
 */
export interface LinearProblem {
  readonly model: Classifier & { dispose(): void };
  /** [n, ...inputShape] */
  readonly x: Tensor;
  /** [n] int32: the predictions, but for the examples in `mislabelled`. */
  readonly y: Tensor;
  readonly labels: Int32Array;
  readonly mislabelled: readonly number[];
  /** Distance of each example to the nearest other class, bounds aside; 0 where mislabelled. */
  distances(norm: Norm): Float64Array;
  dispose(): void;
}

export const problemBounds = [-1, 3] as const;
const classes = 5;
const examples = 12;
const mislabelled = [3, 7];

/**
 * A fixed problem. `placed`: examples in the middle of the bounds, or with every value at one of
 * the bounds.
 */
export async function linearProblem(
  inputShape: readonly number[],
  placed: 'inside' | 'at the bounds',
): Promise<LinearProblem> {
  const size = inputShape.reduce((product, length) => product * length, 1);
  const rng = createRandom({ seed: 5 });
  const drawn = async (name: string, count: number, from: number, to: number): Promise<number[]> => {
    const tensor = rng.uniform(name, [count], from, to);
    const values = Array.from(await tensor.data());
    tensor.dispose();
    return values;
  };
  const flat = await drawn('weights', size * classes, -1, 1);
  const weights = Array.from({ length: size }, (_, i) => flat.slice(i * classes, (i + 1) * classes));
  const inside = await drawn('inputs', examples * size, 0.5, 1.5);
  const inputs = placed === 'inside' ? inside : inside.map((value) => (value < 1 ? -1 : 3));
  // Centred, so that the classes share the examples evenly.
  const bias = Array.from({ length: classes }, (_, k) => -weights.reduce((sum, row) => sum + row[k]!, 0));
  const logits = Array.from({ length: examples }, (_, n) =>
    bias.map((b, k) => weights.reduce((sum, row, i) => sum + inputs[n * size + i]! * row[k]!, b)),
  );
  const labels = Int32Array.from(
    logits,
    (row, n) => (indexOfLargest(row) + (mislabelled.includes(n) ? 1 : 0)) % classes,
  );
  const model = linearClassifier({ weights, bias, inputShape, bounds: problemBounds });
  const x = tf.tensor(inputs, [examples, ...inputShape]);
  const y = tf.tensor1d(labels, 'int32');
  return {
    model,
    x,
    y,
    labels,
    mislabelled,
    distances: (norm) =>
      Float64Array.from(logits, (row, n) =>
        mislabelled.includes(n) ? 0 : Math.min(...row.map((_, k) => distanceTo(norm, weights, row, labels[n]!, k))),
      ),
    dispose() {
      model.dispose();
      tf.dispose([x, y]);
    },
  };
}

/**
 * Distance from a point with these `logits` of class `from` to where class `to` wins over it: the
 * margin over the dual norm of the weights.
 */
function distanceTo(
  norm: Norm,
  weights: readonly (readonly number[])[],
  logits: readonly number[],
  from: number,
  to: number,
): number {
  if (from === to) return Infinity;
  const margin = logits[from]! - logits[to]!;
  const slopes = weights.map((row) => Math.abs(row[to]! - row[from]!));
  if (norm === 'linf') return margin / slopes.reduce((a, b) => a + b, 0);
  if (norm === 'l2') return margin / Math.hypot(...slopes);
  if (norm === 'l1') return margin / Math.max(...slopes);
  // Each changed value can gain at most its slope times the width of the bounds.
  const gains = slopes.sort((a, b) => b - a).map((slope) => slope * (problemBounds[1] - problemBounds[0]));
  let changed = 0;
  for (let gained = 0; gained < margin && changed < gains.length; changed++) gained += gains[changed]!;
  return changed;
}

function indexOfLargest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
