import * as tf from '@tensorflow/tfjs-core';
import { meanCrossEntropy } from '../../losses.js';
import { ensure } from '../check.js';
import { ensureEqual, ensureInside, type AttackCheck, type Situation } from './situation.js';

async function maximized({ attack, norm, epsilon, problem }: Situation, step = 0): Promise<tf.Tensor> {
  return attack.maximize(problem.model, problem.x, problem.y, { norm, epsilon }, { step });
}

/** What training relies on. */
export const maximizeChecks: Readonly<Record<string, AttackCheck>> = {
  'gives every example a point of the ball, moves all and raises the loss': async (situation) => {
    const { attack, norm, epsilon, problem, options } = situation;
    if (options.maximizes === false) return;
    const before = tf.memory().numTensors;
    const adv = await maximized(situation);
    ensure(tf.memory().numTensors === before + 1, `${tf.memory().numTensors - before - 1} tensors are left`);
    ensure(adv.shape.join() === problem.x.shape.join(), `points have shape [${adv.shape.join()}]`);
    const points = (await adv.data()) as Float32Array;
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
        return tf.sub(lossAt(adv), lossAt(problem.x));
      });
      ensure((await gain.data())[0]! > 0, 'the loss fell');
      gain.dispose();
    }
    adv.dispose();
  },
  'repeats itself for the same training step': async (situation) => {
    if (situation.options.maximizes === false) return;
    const [first, second] = [await maximized(situation, 4), await maximized(situation, 4)];
    ensureEqual(await second.data(), await first.data(), 0, 'points of the same training step');
    tf.dispose([first, second]);
  },
};
