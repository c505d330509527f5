import { AdvrobError, didYouMean } from '@advrob/core';
import type { ResultCard } from '@advrob/evaluation';
import made from './cards.json' with { type: 'json' };

/** What is known of one model: its file, how it was made, and what was measured. */
export interface ZooCard {
  /** Data set and method, e.g. `mnist/pgd-at`. */
  readonly name: string;
  readonly weights: {
    /** Safetensors file, from the folder of the package. */
    readonly file: string;
    readonly bytes: number;
    /** SHA-256 of the file, lower-case hex. */
    readonly sha256: string;
  };
  /** Config that made the weights, from the folder of the package. */
  readonly training: string;
  /** Config that measured them. */
  readonly evaluation: string;
  /** The row of the leaderboard: hash of model and data, command, accuracies with intervals, versions. */
  readonly result: ResultCard;
}

/** The cards of all models, a data set after the other, the plainly trained model first. */
export const cards = made as readonly unknown[] as readonly ZooCard[];

/**
 * The card of a model by its name.
 *
 * @throws AdvrobError `ADVROB_MODEL_MISSING` with names that are near.
 */
export function findCard(name: string): ZooCard {
  const found = cards.find((card) => card.name === name);
  if (found) return found;
  const known = cards.map((card) => card.name);
  throw new AdvrobError('ADVROB_MODEL_MISSING', `the zoo has no model '${name}'; ${didYouMean(name, known)}`);
}
