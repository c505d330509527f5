import type { Norm } from '@advrob/core';

/** Where an evaluation stands. Made from results that were read back anyway. */
export interface EvaluationProgress {
  /** What is at work. */
  readonly phase: 'clean' | 'attack';
  /** The attack at work, with its threat. */
  readonly attack?: { readonly label: string; readonly norm: Norm; readonly epsilon: number };
  /** Steps of that attack on this batch, where it reports them. */
  readonly step?: number;
  readonly steps?: number;
  /** Examples through all attacks, of `total`. */
  readonly done: number;
  readonly total: number;
  /** Share of all work done, 0 to 1: an example under one attack at one epsilon is one unit. */
  readonly fraction: number;
  /** Share of the examples of finished batches that are classified rightly and withstood everything; 0 of 0 before the first. */
  readonly robust: { readonly count: number; readonly total: number };
  /** Units per second of this session; 0 before the first is measured. */
  readonly rate: number;
  /** Seconds of work left at the speed of each attack so far; undefined before it is known. */
  readonly secondsLeft?: number;
}
