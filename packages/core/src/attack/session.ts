import type { AttackLoss, Classifier, ForwardOptions, Progress, ThreatModel } from '../contract/index.js';
import type { Examples } from './lanes.js';
import type { GradientTally } from './gradient-tally.js';
import type { Winners } from './winners.js';

/** What stays the same during one call of `run` or `maximize`. */
export interface Session {
  readonly model: Classifier;
  readonly how: ForwardOptions;
  readonly threat: ThreatModel;
  /** The loss that the caller chose, if any. */
  readonly loss?: AttackLoss | undefined;
  readonly gradients: GradientTally;
  readonly seed: number;
  /** Step of the training run around the attack. */
  readonly step: number;
  /** `run` measures: it drops what is decided. `maximize` keeps every row. */
  readonly measures: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Told the rows of every input gradient. */
  readonly onGradient?: ((rows: number) => void) | undefined;
}

/** The examples of one attack with their winners, which the loops replace as they go. */
export interface Pool {
  readonly examples: Examples;
  winners: Winners;
  /** Name of the member that found each example, by position. */
  readonly foundBy: Map<number, string>;
}
