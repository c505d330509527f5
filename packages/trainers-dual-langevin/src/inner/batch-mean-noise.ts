import { langevin } from '@advrob/attacks';
import type { Attack } from '@advrob/core';

type LangevinOptions = NonNullable<Parameters<typeof langevin>[0]>;

/**
 * The sampler `langevin` with noise as advbench scales it: relative to the gradient of the batch's mean loss, 1 / n of an example's own, so that in effect the
 * noise is n times as large for a batch of n. Only Laplace noise, which stands inside the sign, is affected.
 */
export function batchMeanNoise(options: LangevinOptions & { readonly noise: number }): Attack {
  const attack = langevin(options);
  if (options.sampler !== 'laplace') return attack;
  return {
    ...attack,
    options: { ...options, advbenchCompat: true },
    maximize: (model, x, ...rest) =>
      langevin({ ...options, noise: options.noise * x.shape[0]! }).maximize(model, x, ...rest),
  };
}
