import type { Scope } from '@advrob/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { reachOf } from '../gradient/reach.js';
import { climbL1 } from './climb-l1.js';
import type { Best } from './climb-state.js';
import type { ClimbOptions } from './climb.js';

/** Radius in units of epsilon, and steps, of each phase. */
export function largeBallPhases(steps: number): readonly (readonly [factor: number, steps: number])[] {
  const part = Math.ceil(0.3 * steps);
  return [
    [3, part],
    [2, part],
    [1, steps - 2 * part],
  ];
}

/**
 * APGD in L1 in balls of 3, 2 and 1 epsilon one after another, each from the best point of the one before, brought into the smaller ball: the gradient
 * at the example itself is a poor guide in L1 (Croce and Hein 2021, https://arxiv.org/abs/2103.01208, section 4.3). Only points of the last ball count.
 *
 * @param steps - In all, at least 2.
 */
export async function climbLargeBalls(
  scope: Scope<'gradients'>,
  start: Tensor,
  options: Pick<ClimbOptions, 'steps' | 'eot'>,
): Promise<Best> {
  const radius = reachOf(scope.threat, scope.x);
  let found: Best | undefined;
  for (const [factor, steps] of largeBallPhases(options.steps)) {
    const threat = scope.threat.withEpsilon(factor * radius);
    const from = threat.project(found?.best ?? start, scope.x);
    found = await climbL1(scope, from, { threat, steps, isWarm: true, offers: factor === 1 }, options);
  }
  return found!;
}
