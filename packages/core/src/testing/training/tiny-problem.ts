import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Batch, Classifier, Extras } from '../../contract/index.js';
import { createRandom } from '../../random.js';

/**
 * A small smooth classifier with features and head, and the examples to train it on. All of it is
 * freed by `dispose`.
 */
export interface TinyProblem<E extends Extras> {
  readonly model: Classifier;
  /**
   * The batch number `draw`: 6 of 12 examples [6, 4] in [0, 1], 3 classes. The caller's to dispose.
   */
  batch(draw: number): Batch<E>;
  dispose(): void;
}

/**
 * Inputs [4], 5 tanh units, 3 classes; the label is the largest of the first three inputs. Each
 * call gives the same weights and examples.
 */
export function tinyProblem<E extends Extras>(extras: (ids: Int32Array) => E): TinyProblem<E> {
  const rng = createRandom({ seed: 5 });
  const variable = (name: string, shape: number[]) => tf.tidy(() => tf.variable(tf.mul(rng.normal(name, shape), 0.7)));
  const weights = {
    'hidden.weight': variable('hidden.weight', [4, 5]),
    'hidden.bias': variable('hidden.bias', [5]),
    'last.weight': variable('last.weight', [5, 3]),
    'last.bias': variable('last.bias', [3]),
  };
  const dense = (x: Tensor, layer: 'hidden' | 'last'): Tensor => {
    const weight: Tensor = weights[`${layer}.weight`];
    return tf.add(tf.matMul(x as Tensor2D, weight as Tensor2D), weights[`${layer}.bias`]);
  };
  const features = (x: Tensor): Tensor => tf.tidy(() => tf.tanh(dense(x, 'hidden')));
  const head = (h: Tensor): Tensor => tf.tidy(() => dense(h, 'last'));
  const images = rng.uniform('examples', [12, 4], 0, 1);

  return {
    model: {
      inputShape: [4],
      numClasses: 3,
      bounds: [0, 1],
      weights,
      features,
      head,
      logits: (x) => tf.tidy(() => head(features(x))),
    },
    batch(draw) {
      const ids = Int32Array.from({ length: 6 }, (_, row) => (6 * draw + row) % 12);
      const x = tf.tidy(() => tf.gather(images, tf.tensor1d(ids, 'int32')));
      const y = tf.tidy(() => tf.cast(tf.argMax(tf.slice(x, [0, 0], [6, 3]), 1), 'int32'));
      return { x, y, ids, extras: extras(ids) };
    },
    dispose: () => tf.dispose([images, ...Object.values(weights)] as Tensor[]),
  };
}
