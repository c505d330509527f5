import type { Norm, Rows, Scope } from '@advrob/core';
import { column, flatRows, lengths, select } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { eotOption } from '../shared/averaged-gradient.js';
import type { Boundary, Plane } from './boundary.js';
import { hyperplaneOffset } from './hyperplane-offset.js';

/** The options of FAB and FAB-T. */
export const fabOptions = {
  steps: z.int().min(1).default(100).describe('iterations'),
  start: z
    .enum(['clean', 'random'])
    .default('clean')
    .describe(
      'the example itself, or a random point at half of epsilon, as AutoAttack takes from the second restart on',
    ),
  overshoot: z.number().min(1).default(1.05).describe('how far a step goes, 1 being the boundary (eta)'),
  backStep: z.number().min(0).max(1).default(0.9).describe('share of the distance that is kept after a success (beta)'),
  largestBias: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('largest weight of the step from the example (alpha_max)'),
  eot: eotOption,
};

export interface WalkOptions {
  readonly steps: number;
  readonly start: 'clean' | 'random';
  readonly overshoot: number;
  readonly backStep: number;
  readonly largestBias: number;
  readonly eot: number;
}

type WalkNorm = Exclude<Norm, 'l0'>;

/**
 * The walk of FAB along a decision boundary, ever closer to the example: project the point and the
 * example on the linear model of the boundary, go a little beyond, mix the two, and step back
 * towards the example whenever the model is fooled. Every point whose logits are known is offered,
 * also those after a step back, which AutoAttack does not look at.
 */
export async function walk(scope: Scope<'gradients'>, boundary: Boundary, options: WalkOptions): Promise<void> {
  const start = options.start === 'random' ? randomStart(scope) : scope.x;
  await scope.iterate({ adv: start }, options.steps, ({ adv }, rows) => {
    const plane = boundary.planeAt(rows, adv, options.eot);
    rows.offer(adv, plane.logits);
    const next = crossing(rows, adv, plane, options);
    const logits = rows.model.logits(next);
    rows.offer(next, logits);
    const back = tf.add(rows.x, tf.mul(tf.sub(next, rows.x), options.backStep));
    return { adv: select(boundary.isBeyond(rows, logits), back, next) };
  });
}

/**
 * The next point of the walk, just beyond the linear boundary and drawn towards the example (Croce
 * and Hein 2020, equation 12).
 */
function crossing(
  { x, threat }: Rows<'gradients'>,
  adv: Tensor,
  { values, gradient }: Plane,
  { overshoot, largestBias }: WalkOptions,
): Tensor {
  const norm = threat.norm as WalkNorm;
  const valuesAtExample = tf.add(values, tf.sum(flatRows(tf.mul(gradient, tf.sub(x, adv))), 1));
  // Both projections at once: twice the rows, half the calls.
  const both = {
    at: tf.concat([adv, x]),
    values: tf.concat([values, valuesAtExample]),
    gradient: tf.concat([gradient, gradient]),
  };
  const [fromPoint, fromExample] = tf.split(hyperplaneOffset(norm, both, threat.bounds), 2) as [Tensor, Tensor];
  const near = tf.maximum(lengths(norm, fromPoint), 1e-8);
  const far = tf.maximum(lengths(norm, fromExample), 1e-8);
  const bias = column(tf.minimum(tf.div(near, tf.add(near, far)), largestBias), adv);
  const beyondPoint = tf.add(adv, tf.mul(fromPoint, overshoot));
  const beyondExample = tf.add(x, tf.mul(fromExample, overshoot));
  const mixed = tf.add(tf.mul(beyondPoint, tf.sub(1, bias)), tf.mul(beyondExample, bias));
  return tf.clipByValue(mixed, ...threat.bounds);
}

/** AutoAttack's radii for inputs of width 1, for runs without a radius. */
const usualRadius = { linf: 0.3, l2: 1, l1: 5 };

function randomStart({ x, threat, rng }: Rows<'gradients'>): Tensor {
  const norm = threat.norm as WalkNorm;
  const [low, high] = threat.bounds;
  const shape = x.shape.slice(1);
  const noise = norm === 'linf' ? rng.uniform('start', shape, -1, 1) : rng.normal('start', shape);
  const radius = threat.epsilon === Infinity ? usualRadius[norm] * (high - low) : threat.epsilon;
  const unit = tf.div(noise, column(tf.add(lengths(norm, noise), 1e-12), noise));
  return tf.clipByValue(tf.add(x, tf.mul(unit, radius / 2)), low, high);
}
