import type { Rows, Scope } from '@advrob/core';
import { column, flatRows } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { eotOption } from '../shared/averaged-gradient.js';
import { reachOf } from '../shared/steps.js';
import { climbL1, climbLargeBalls } from './climb-l1.js';
import { climb, type Best, type ClimbOptions } from './climb.js';

/** The options of every APGD. */
export const apgdOptions = {
  steps: z.int().min(1).default(100).describe('iterations'),
  rho: z
    .number()
    .min(0)
    .max(1)
    .default(0.75)
    .describe('share of iterations that must raise the loss for the step size to stay; Linf and L2'),
  largeBalls: z
    .boolean()
    .default(true)
    .describe(
      'L1 only: spend 30% of the steps in the ball of 3 epsilon and 30% in that of 2 epsilon first, as AutoAttack does',
    ),
  eot: eotOption,
};

interface ApgdOptions extends ClimbOptions {
  readonly largeBalls: boolean;
}

/** One run of APGD on the rows of a scope, from a random start. */
export async function perturbApgd(scope: Scope<'gradients'>, options: ApgdOptions): Promise<Best> {
  const { threat, x, rng } = scope;
  if (threat.norm !== 'l1') return climb(scope, randomStart(scope), options);
  const usesLargeBalls = options.largeBalls && options.steps >= 2;
  const own = threat.withEpsilon(reachOf(threat, x));
  const widest = usesLargeBalls ? own.withEpsilon(3 * own.epsilon) : own;
  const start = tf.tidy(() => widest.project(tf.add(x, rng.normal('start', x.shape.slice(1))), x));
  if (usesLargeBalls) return climbLargeBalls(scope, start, options);
  return climbL1(scope, start, { threat: own, steps: options.steps, isWarm: false, offers: true }, options);
}

/**
 * Linf: uniform noise stretched until a coordinate reaches epsilon; L2: a Gaussian direction of
 * length epsilon; both then inside the bounds.
 */
function randomStart({ x, threat, rng }: Rows<'gradients'>): Tensor {
  return tf.tidy(() => {
    const shape = x.shape.slice(1);
    const noise = threat.norm === 'linf' ? rng.uniform('start', shape, -1, 1) : rng.normal('start', shape);
    const length =
      threat.norm === 'linf' ? tf.max(flatRows(tf.abs(noise)), 1) : tf.sqrt(tf.sum(flatRows(tf.square(noise)), 1));
    const unit = tf.div(noise, column(tf.add(length, 1e-12), noise));
    return threat.project(tf.add(x, tf.mul(unit, reachOf(threat, x))), x);
  });
}
