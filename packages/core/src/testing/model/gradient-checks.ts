import * as tf from '@tensorflow/tfjs-core';
import type { Classifier } from '../../contract/index.js';
import { createRandom } from '../../random.js';
import { ensure } from '../check.js';
import type { ModelCheck } from './sample-inputs.js';
import { magnitude, sampleInputs } from './sample-inputs.js';

const count = 8;
/**
 * A kink of ReLU may lie between the two points of a difference: so many of the examples must
 * agree.
 */
const quorum = 5;

/** One score for each row: a fixed mixture of the classes. */
function mixture(model: Classifier, mix: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return tf.sum(tf.mul(model.logits(x), mix), 1);
}

/** What attacks and training need. */
export const gradientChecks: Readonly<Record<string, ModelCheck>> = {
  async 'has an input gradient that agrees with differences of its scores'(model) {
    const random = createRandom({ seed: 3 });
    const x = sampleInputs(model, count);
    const mix = random.normal('mix', [1, model.numClasses]);
    const direction = random.normal('direction', x.shape);
    const step = 2e-3 * (model.bounds[1] - model.bounds[0]);
    const slopes = tf.tidy(() => {
      const gradient = tf.grad((at) => tf.sum(mixture(model, mix, at)))(x);
      return tf.sum(tf.reshape(tf.mul(gradient, direction), [count, -1]), 1);
    });
    const scores = tf.tidy(() => mixture(model, mix, x));
    const quotients = tf.tidy(() => {
      const at = (sign: number) => mixture(model, mix, tf.add(x, tf.mul(direction, sign * step)));
      return tf.div(tf.sub(at(1), at(-1)), 2 * step);
    });
    const [found, expected] = [await slopes.data(), await quotients.data()];
    // Differences of float32 scores are only so exact.
    const noise = (1e-6 * magnitude(await scores.data())) / step;
    tf.dispose([x, mix, direction, slopes, scores, quotients]);
    const agreeing = [...found].filter(
      (slope, i) => Math.abs(slope - expected[i]!) <= 0.1 * Math.max(Math.abs(slope), Math.abs(expected[i]!)) + noise,
    );
    ensure(
      agreeing.length >= quorum,
      `slopes ${[...found].join(', ')} disagree with differences ${[...expected].join(', ')}`,
    );
  },

  'has a gradient in every weight'(model) {
    const variables = Object.values(model.weights);
    if (variables.length === 0) return;
    const x = sampleInputs(model, 3);
    const { value, grads } = tf.tidy(() => tf.variableGrads(() => tf.sum(model.logits(x)) as tf.Scalar, variables));
    const missing = Object.entries(model.weights).filter(
      ([, { name, shape }]) => grads[name]?.shape.join() !== shape.join(),
    );
    tf.dispose([x, value, ...Object.values(grads)]);
    ensure(
      missing.length === 0,
      `no gradient of the right shape in ${missing.map(([name]) => `'${name}'`).join(', ')}`,
    );
  },
};
