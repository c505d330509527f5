import type { ForwardOptions } from '@advrob/core';
import { prefixed } from '../fit/prefixed-random.js';

/** The same forward pass with dropout masks of its own: two passes of one loss draw independently, as in PyTorch. */
export function secondPass(how: ForwardOptions): ForwardOptions {
  return how.rng ? { ...how, rng: prefixed(how.rng, 'second pass/') } : how;
}
