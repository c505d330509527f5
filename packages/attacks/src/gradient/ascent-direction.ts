import type { ThreatModel } from '@advrob/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { sparseAscent } from './sparse-ascent.js';

/** The option of every attack that takes steps in L1. */
export const shareOption = z
  .number()
  .positive()
  .max(1)
  .default(0.01)
  .describe('share of the values that an L1 step moves, at least one value; other norms ignore it');

/**
 * The direction of unit norm of a step from `adv` along `gradient` [n, ...]: the sign in Linf, the normalised gradient in L2, equal steps on the
 * few largest entries that can still move in L1 ({@link sparseAscent}).
 */
export function ascentDirection(threat: ThreatModel, gradient: Tensor, adv: Tensor, share: number): Tensor {
  return threat.norm === 'l1' ? sparseAscent(gradient, adv, threat.bounds, share) : threat.steepestAscent(gradient);
}
