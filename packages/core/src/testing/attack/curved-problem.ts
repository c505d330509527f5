import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Classifier } from '../../contract/index.js';
import { createRandom } from '../../random.js';
import type { LinearProblem } from './linear-problem.js';

const hidden = 8;

/**
 * The examples of a linear problem for a network with one layer of tanh, whose gradients turn along
 * the way of an attack.
 */
export interface CurvedProblem {
  readonly name: string;
  readonly model: Classifier;
  /** [n, ...inputShape], those of the linear problem. */
  readonly x: Tensor;
  /** [n] int32: the predictions. */
  readonly y: Tensor;
  dispose(): void;
}

/**
 * Logits `5 tanh(3 (flatten(x) - 1) V / sqrt(d)) W` with fixed weights; the inputs of the linear
 * problem lie around 1.
 */
export function curvedProblem({ model: { inputShape, numClasses, bounds }, x }: LinearProblem): CurvedProblem {
  const size = inputShape.reduce((product, length) => product * length, 1);
  const rng = createRandom({ seed: 6 });
  const first = rng.uniform('first', [size, hidden], -1, 1) as Tensor2D;
  const second = rng.uniform('second', [hidden, numClasses], -1, 1) as Tensor2D;
  const logits = (input: Tensor): Tensor2D =>
    tf.tidy(() => {
      const centred = tf.sub(tf.reshape(input, [-1, size]), 1) as Tensor2D;
      const units = tf.tanh(tf.mul(tf.matMul(centred, first), 3 / Math.sqrt(size))) as Tensor2D;
      return tf.mul(tf.matMul(units, second), 5);
    });
  const y = tf.tidy(() => tf.argMax(logits(x), 1));
  return {
    name: 'a curved model',
    model: { inputShape, numClasses, bounds, weights: {}, logits },
    x,
    y,
    dispose: () => tf.dispose([first, second, y]),
  };
}
