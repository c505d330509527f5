import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

/** Steps along the steepest ascent from a random start: an attack as small as it can be. */
export const signAttack = defineAttack({
  name: 'sign',
  summary: 'Two steepest-ascent steps from a random start.',
  knowledge: 'gradients',
  norms: ['linf', 'l2'],
  budget: 'fixed',
  options: z.strictObject({ steps: z.int().default(2) }),
  async perturb({ x, rng, threat, iterate }, { steps }) {
    const { adv } = await iterate({ adv: threat.randomStart(x, rng) }, steps, ({ adv }, rows) => {
      const { gradient } = rows.model.gradient(adv, rows.lossOf);
      const moved = tf.add(adv, tf.mul(threat.steepestAscent(gradient), threat.epsilon / 2));
      return { adv: rows.threat.project(moved, rows.x) };
    });
    return adv;
  },
});
