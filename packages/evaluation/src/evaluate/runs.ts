import type { Attack, AttackLoss, Norm } from '@advrob/core';

/** An attack of an evaluation, with the threats it is run under. */
export interface EvaluationAttack {
  readonly attack: Attack;
  readonly norm: Norm;
  /**
   * Radius in units of the model's bounds. A list gives a curve. An attack that looks for a minimal
   * norm is run once, at the largest, and judged at every epsilon of the list; `Infinity` among
   * them lets it look without a bound, for minimal-norm statistics.
   */
  readonly epsilon: number | readonly number[];
  /**
   * Name in tables and records; two entries of one attack need different ones. Default: the
   * attack's name.
   */
  readonly label?: string | undefined;
  /** Independent starts. Default 1. */
  readonly restarts?: number | undefined;
  /** Default: the attack's own. */
  readonly loss?: AttackLoss | undefined;
}

/** One call of an attack per batch: a fixed budget is run at each epsilon, a minimal norm once. */
export interface Run {
  readonly entry: EvaluationAttack;
  readonly label: string;
  readonly norm: Norm;
  /** Radius of the call; Infinity for a minimal norm without a bound. */
  readonly epsilon: number;
  /** The finite radii at which its points are judged, ascending. */
  readonly epsilons: readonly number[];
  /** Whether its points are kept for the report: at the largest epsilon of each attack. */
  readonly isSampled: boolean;
}

/** One attack judged at one finite epsilon: a row of the tables. */
export interface Judgement {
  readonly entry: EvaluationAttack;
  readonly label: string;
  readonly norm: Norm;
  readonly epsilon: number;
  /** Place of the run that gives its points. */
  readonly run: number;
}
