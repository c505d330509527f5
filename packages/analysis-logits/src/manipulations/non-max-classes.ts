import { permutation } from '@advrob/core/random';
import { classOrder } from '../logit-matrix.js';
import { eachRow, meanAt } from './manipulation.js';
import type { Manipulation } from './manipulation.js';

/** Gives all classes of an example after the first `kept` their mean. */
const averaged =
  (kept: number): Manipulation['apply'] =>
  ({ robust }) =>
    eachRow(robust, (row) => {
      const rest = classOrder(row).slice(kept);
      const mean = meanAt(row, rest);
      for (const k of rest) row[k] = mean;
    });

/**
 * Permutes the values of all classes of an example after the first `kept`, anew for each example.
 */
const permuted =
  (kept: number): Manipulation['apply'] =>
  ({ robust, seed }) =>
    eachRow(robust, (row, index) => {
      const rest = classOrder(row).slice(kept);
      const values = rest.map((k) => row[k]!);
      const order = permutation(seed, `manipulation/${kept}`, rest.length, index);
      for (const [place, k] of rest.entries()) row[k] = values[order[place]!]!;
    });

/** M1: all non-max logits become their mean. The gap grows. */
export const m1: Manipulation = {
  id: 'M1',
  summary: 'all non-max logits replaced by their mean',
  isGapSafe: false,
  minClasses: 3,
  needsStandard: false,
  apply: averaged(1),
};

/**
 * M2: the non-max logits are permuted among their classes. Max logit and gap stay as values; who is
 * the runner-up does not.
 */
export const m2: Manipulation = {
  id: 'M2',
  summary: 'non-max logits permuted among the non-max classes',
  isGapSafe: true,
  minClasses: 3,
  needsStandard: false,
  apply: permuted(1),
};

/** M3: max and runner-up stay, the other C - 2 logits become their mean. */
export const m3: Manipulation = {
  id: 'M3',
  summary: 'max and runner-up kept, the rest replaced by their mean',
  isGapSafe: true,
  minClasses: 4,
  needsStandard: false,
  apply: averaged(2),
};

/** M4: max and runner-up stay, the other C - 2 logits are permuted. */
export const m4: Manipulation = {
  id: 'M4',
  summary: 'max and runner-up kept, the rest permuted',
  isGapSafe: true,
  minClasses: 4,
  needsStandard: false,
  apply: permuted(2),
};
