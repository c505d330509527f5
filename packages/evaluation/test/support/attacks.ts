import type { Classifier } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { margin } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

/** One step of the fast gradient sign method. */
export const step = defineAttack({
  name: 'step',
  summary: 'One steepest step.',
  knowledge: 'gradients',
  norms: ['linf', 'l2'],
  budget: 'fixed',
  random: false,
  options: z.strictObject({}),
  async perturb({ model, x, threat, lossOf }) {
    const { gradient } = model.gradient(x, lossOf);
    return threat.project(tf.add(x, tf.mul(threat.epsilon, threat.steepestAscent(gradient))), x);
  },
});

/** Projected gradient ascent from a random start. */
export const ascent = defineAttack({
  name: 'ascent',
  summary: 'Projected gradient ascent.',
  knowledge: 'gradients',
  norms: ['linf', 'l2'],
  budget: 'fixed',
  // Way of all steps together, in the unit of epsilon.
  options: z.strictObject({ steps: z.int().min(1).default(5), way: z.number().default(2) }),
  async perturb(scope, { steps, way }) {
    const start = scope.threat.randomStart(scope.x, scope.rng);
    const { adv } = await scope.iterate({ adv: start }, steps, ({ adv }, { model, x, threat, lossOf, offer }) => {
      const { gradient, logits } = model.gradient(adv, lossOf);
      offer(adv, logits);
      const moved = tf.add(adv, tf.mul((way * threat.epsilon) / steps, threat.steepestAscent(gradient)));
      return { adv: threat.project(moved, x) };
    });
    return adv;
  },
});

/** A random point of the ball: weak on purpose. */
export const noise = defineAttack({
  name: 'noise',
  summary: 'A random point.',
  knowledge: 'scores',
  norms: ['linf', 'l2', 'l1', 'l0'],
  budget: 'fixed',
  options: z.strictObject({}),
  async perturb({ threat, x, rng }) {
    return threat.randomStart(x, rng);
  },
});

/**
 * The nearest point of the other class of a linear model with two classes, a thousandth past the
 * boundary.
 */
export const nearest = defineAttack({
  name: 'nearest',
  summary: 'The nearest point across a linear boundary.',
  knowledge: 'gradients',
  norms: ['linf', 'l2'],
  budget: 'minimal',
  random: false,
  options: z.strictObject({ overshoot: z.number().min(0).default(0.001) }),
  async perturb({ model, x, y, threat, offer }, { overshoot }) {
    const { gradient, loss } = model.gradient(x, (logits) => margin(logits, y));
    const slope = threat.norm === 'linf' ? tf.sum(tf.abs(gradient), 1) : tf.norm(gradient, 2, 1);
    const length = tf.mul(1 + overshoot, tf.div(tf.neg(loss), slope));
    const adv = tf.add(x, tf.mul(tf.expandDims(length, 1), threat.steepestAscent(gradient)));
    offer(adv, model.logits(adv));
  },
});

/** Random corners of an Linf ball, scored one after another: slow, but blind to gradients. */
export const corners = defineAttack({
  name: 'corners',
  summary: 'Random corners of the ball.',
  knowledge: 'scores',
  norms: ['linf'],
  budget: 'fixed',
  options: z.strictObject({ tries: z.int().min(1).default(60) }),
  async perturb(scope, { tries }) {
    await scope.iterate({ adv: scope.x }, tries, (_, { model, x, threat, rng, offer }) => {
      const sign = tf.sign(rng.uniform('corner', x.shape.slice(1), -1, 1));
      const adv = threat.project(tf.add(x, tf.mul(threat.epsilon, sign)), x);
      offer(adv, model.logits(adv));
      return { adv };
    });
  },
});

/** Passes adversarial examples and forgets them: a defect. */
export const forgetful = defineAttack({
  name: 'forgetful',
  summary: 'Goes there and back.',
  knowledge: 'gradients',
  norms: ['linf'],
  budget: 'fixed',
  random: false,
  options: z.strictObject({}),
  async perturb(scope) {
    await scope.iterate({ adv: scope.x }, 5, ({ adv }, { model, x, threat, lossOf }) => {
      const { gradient } = model.gradient(adv, lossOf);
      return { adv: threat.project(tf.add(adv, tf.mul(threat.epsilon, threat.steepestAscent(gradient))), x) };
    });
    return scope.x;
  },
});

/** Crafts with `step` on another model. */
export const borrowed = defineAttack({
  name: 'borrowed',
  summary: 'The steepest step of another model.',
  knowledge: 'labels',
  norms: ['linf'],
  budget: 'fixed',
  random: false,
  loss: null,
  options: z.strictObject({ surrogate: z.custom<Classifier>() }),
  perturb: (scope, { surrogate }) => scope.craft(step(), surrogate),
});
