import type { ForwardOptions } from '@advrob/core';
import { prefixed } from '../fit/prefixed-random.js';

/**
 * The same forward pass with dropout masks of its own: two passes of one loss draw independently, as in PyTorch. For objectives that run the model twice.
 *
 * @example
 * ```ts
 * const [clean, robust] = [model.logits(x, how), model.logits(adversarial, secondPass(how))];
 * ```
 */
export function secondPass(how: ForwardOptions): ForwardOptions {
  return how.rng ? { ...how, rng: prefixed(how.rng, 'second pass/') } : how;
}
