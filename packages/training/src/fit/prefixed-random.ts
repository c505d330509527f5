import type { Random } from '@advrob/core';

/** The same randomness with other purposes, so that two users of one step draw different numbers. */
export function prefixed(random: Random, prefix: string): Random {
  return {
    uniform: (purpose, shape, low, high) => random.uniform(prefix + purpose, shape, low, high),
    normal: (purpose, shape) => random.normal(prefix + purpose, shape),
  };
}
