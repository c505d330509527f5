import * as tf from '@tensorflow/tfjs-core';
import { meanCrossEntropy } from '../../losses.js';
import { ensure } from '../check.js';
import { ensureEqual, ensureInside, watchMaximize, type AttackCheck } from './situation.js';

/** What training relies on. */
export const maximizeChecks: Readonly<Record<string, AttackCheck>> = {
  'gives every example a point of the ball, moves all and raises the loss': async (situation) => {
    const { attack, norm, epsilon, problem, options } = situation;
    if (options.maximizes === false) return;
    const { shape, points, left } = await situation.maximized();
    ensure(left === 0, `${left} tensors are left`);
    ensure(shape.join() === problem.x.shape.join(), `points have shape [${shape.join()}]`);
    const clean = (await problem.x.data()) as Float32Array;
    const n = problem.labels.length;
    if (attack.definition.budget === 'fixed') {
      ensureInside(points, clean, n, norm, epsilon);
      for (let i = 0; i < n; i++) {
        const row = (values: Float32Array): Float32Array =>
          values.subarray((i * clean.length) / n, ((i + 1) * clean.length) / n);
        ensure(
          row(points).some((value, j) => value !== row(clean)[j]),
          `example ${i} did not move`,
        );
      }
    }
    if (attack.definition.knowledge === 'gradients' && attack.definition.budget === 'fixed') {
      const gain = tf.tidy(() => {
        const lossAt = (x: tf.Tensor): tf.Tensor => meanCrossEntropy(problem.model.logits(x), problem.y);
        return tf.sub(lossAt(tf.tensor(points, problem.x.shape)), lossAt(problem.x));
      });
      ensure((await gain.data())[0]! > 0, 'the loss fell');
      gain.dispose();
    }
  },
  'repeats itself for the same training step': async (situation) => {
    if (situation.options.maximizes === false) return;
    const [first, second] = [await situation.maximized(), await watchMaximize(situation)];
    ensureEqual(second.points, first.points, 0, 'points of the same training step');
  },
};
