import { wilsonInterval } from './wilson.js';

/** A share of examples with its interval. */
export interface Proportion {
  readonly count: number;
  readonly total: number;
  /** `count / total`. */
  readonly rate: number;
  /** Wilson interval at 95%. */
  readonly interval: [low: number, high: number];
}

/** `count` of `total` with its Wilson 95% interval. */
export function proportionOf(count: number, total: number): Proportion {
  return { count, total, rate: total === 0 ? 0 : count / total, interval: wilsonInterval(count, total) };
}
