import type { ForwardOptions, Random } from '@advrob/core';

/**
 * The same randomness with other purposes, so that two users of one step draw different numbers.
 */
export function prefixed(random: Random, prefix: string): Random {
  return {
    uniform: (purpose, shape, low, high) => random.uniform(prefix + purpose, shape, low, high),
    normal: (purpose, shape) => random.normal(prefix + purpose, shape),
  };
}

/**
 * The same forward pass with dropout masks of its own: two passes of one loss draw independently,
 * as in PyTorch. For objectives that run the model twice.
 *
 * @example
 * ```ts
 * const [clean, robust] = [model.logits(x, how), model.logits(adversarial, secondPass(how))];
 * ```
 */
export function secondPass(how: ForwardOptions): ForwardOptions {
  return how.rng ? { ...how, rng: prefixed(how.rng, 'second pass/') } : how;
}
