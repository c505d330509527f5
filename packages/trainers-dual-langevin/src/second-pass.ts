import type { ForwardOptions } from '@advrob/core';

/** The same forward pass with dropout masks of its own: two passes of one loss draw independently, as in PyTorch. */
export function secondPass({ rng, ...how }: ForwardOptions): ForwardOptions {
  if (!rng) return how;
  const own = (purpose: string): string => `second pass/${purpose}`;
  return {
    ...how,
    rng: {
      uniform: (purpose, ...rest) => rng.uniform(own(purpose), ...rest),
      normal: (purpose, shape) => rng.normal(own(purpose), shape),
    },
  };
}
