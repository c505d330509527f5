import { classOrder, rowOf } from '../logit-matrix.js';
import { eachRow } from './manipulation.js';
import type { Manipulation } from './manipulation.js';

/**
 * M9: the robust model's values in the standard model's order of the classes. The max logit stays
 * with its class, so that max class, max logit and gap are untouched also where the two models
 * disagree about them; the other values go to the other classes in the standard model's order.
 */
export const m9: Manipulation = {
  id: 'M9',
  summary: "the robust model's values in the standard model's order of the non-max classes",
  isGapSafe: true,
  minClasses: 3,
  needsStandard: true,
  apply: ({ robust, standard }) =>
    eachRow(robust, (row, index) => {
      const order = classOrder(row);
      const values = order.map((k) => row[k]!);
      const others = classOrder(rowOf(standard!, index)).filter((k) => k !== order[0]);
      for (const [place, k] of others.entries()) row[k] = values[place + 1]!;
    }),
};

/** M10: the standard model's values in the robust model's order of the classes. */
export const m10: Manipulation = {
  id: 'M10',
  summary: "the standard model's values in the robust model's order",
  isGapSafe: false,
  minClasses: 2,
  needsStandard: true,
  apply: ({ robust, standard }) =>
    eachRow(robust, (row, index) => {
      const values = rowOf(standard!, index).slice().sort().reverse();
      for (const [rank, k] of classOrder(row).entries()) row[k] = values[rank]!;
    }),
};
