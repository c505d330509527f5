import { AdvrobError, type Attack, type AttackLoss, type Batch, type Classifier, type Norm } from '@advrob/core';
import type { Tensor } from '@tensorflow/tfjs-core';

type Points = Pick<Batch, 'x' | 'y' | 'ids'>;
type Ball = { readonly norm: Norm; readonly epsilon: number };

interface CraftOptions {
  readonly seed: number;
  readonly restarts?: number | undefined;
  readonly loss?: AttackLoss | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of every step. */
  readonly onProgress?: (() => void) | undefined;
}

/**
 * Points [n, ...inputShape] that an attack makes on `model`, to be judged on another one: its last
 * iterates, which lie deeper in the wrong class than the first success that `run` stops at; where
 * it has none, the points that it found. The caller's to dispose.
 */
export async function craft(
  attack: Attack,
  model: Classifier,
  batch: Points,
  ball: Ball,
  options: CraftOptions,
): Promise<Tensor> {
  const last = await lastIterates(attack, model, batch, ball, options);
  return last ?? (await attack.run(model, batch.x, batch.y, ball, { ...options, ids: batch.ids })).adversarial;
}

/**
 * Where an attack ends for every example [n, ...inputShape], whether it was fooled or not;
 * undefined for an attack that looks for a minimal norm and for an ensemble, which have no such
 * thing: an ensemble is not run in full to find that out. The caller's to dispose.
 */
export async function lastIterates(
  attack: Attack,
  model: Classifier,
  batch: Points,
  ball: Ball,
  options: CraftOptions,
): Promise<Tensor | undefined> {
  if (attack.definition.budget === 'minimal' || attack.definition.members) return undefined;
  try {
    return await attack.maximize(model, batch.x, batch.y, ball, { ...options, ids: batch.ids });
  } catch (error) {
    if (error instanceof AdvrobError && error.code === 'ADVROB_ATTACK') return undefined;
    throw error;
  }
}
