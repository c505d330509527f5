// A whole plugin: one attack, and the plugin object that the command and registries take. `npm create advrob-plugin` starts a package with tests.
import { definePlugin } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

export const randomCorner = defineAttack({
  name: 'random-corner',
  summary: 'Tries random corners of the ball.',
  knowledge: 'labels',
  norms: ['linf'],
  budget: 'fixed',
  loss: null,
  options: z.strictObject({ tries: z.int().min(1).default(20).describe('forward passes') }),
  async perturb(scope, { tries }) {
    const { adv } = await scope.iterate({ adv: scope.x }, tries, (_, { model, x, threat, rng, offer }) => {
      const corner = tf.sign(rng.uniform('corner', x.shape.slice(1), -1, 1));
      const adv = threat.project(tf.add(x, tf.mul(threat.epsilon, corner)), x);
      offer(adv, model.labels(adv));
      return { adv };
    });
    return adv;
  },
});

export default definePlugin({ name: 'plugin.mjs', contract: 1, attacks: { 'random-corner': randomCorner } });
