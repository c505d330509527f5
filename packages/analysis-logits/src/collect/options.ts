import type { Attack, AttackLoss, Threat } from '@advrob/core';

/** How the logits of a model are collected. */
export interface CollectOptions {
  /** Whose last iterates on this very model replace the examples (`maximize`: of every example, whether it fools or not). Default: clean examples. Needs `threat`. */
  readonly attack?: Attack;
  readonly threat?: Threat;
  /** What the attack ascends. Default: its own. */
  readonly loss?: AttackLoss;
  /** Of the attack. Default 0. */
  readonly seed?: number;
  /** Default 128. */
  readonly batchSize?: number;
  /** Name of the model in errors. Default `the model`. */
  readonly who?: string;
  readonly signal?: AbortSignal;
}
