import { AdvrobError, type Attack, type Batch, type Classifier, type Norm } from '@advrob/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Points that an attack makes on `source`, to be judged on another model: the last iterates of all examples, which lie deeper in the wrong class than the first
 * success that `run` stops at; the points that it found where the attack has no last iterates or looks for a minimal norm. The caller's to dispose.
 */
export async function craft(
  attack: Attack,
  source: Classifier,
  { x, y, ids }: Pick<Batch, 'x' | 'y' | 'ids'>,
  threat: { readonly norm: Norm; readonly epsilon: number },
  options: { readonly seed: number; readonly restarts?: number; readonly signal?: AbortSignal },
): Promise<Tensor> {
  const call = { ...options, ids };
  if (attack.definition.budget === 'fixed') {
    try {
      return await attack.maximize(source, x, y, threat, call);
    } catch (error) {
      if (!(error instanceof AdvrobError && error.code === 'ADVROB_ATTACK')) throw error;
    }
  }
  return (await attack.run(source, x, y, threat, call)).adversarial;
}
