import { classOrder, rowOf, softmax, topTwo } from '../logit-matrix.js';
import { meanLogitMap } from '../compare/mean-logit-map.js';
import type { LogitMatrix } from '../logit-matrix.js';
import { eachRow } from './manipulation.js';
import type { Manipulation } from './manipulation.js';

/** Mean over the examples of the largest logit, of the second largest, and so on. */
function rankMeans(logits: LogitMatrix): Float64Array {
  const means = new Float64Array(logits.classes);
  for (let row = 0; row < logits.rows; row++) {
    const sorted = rowOf(logits, row).slice().sort();
    sorted.reverse().forEach((value, rank) => (means[rank]! += value / logits.rows));
  }
  return means;
}

/**
 * M5: each example keeps the order of its classes and takes the data set's mean of each rank. Mean
 * max and mean gap stay.
 */
export const m5: Manipulation = {
  id: 'M5',
  summary: 'order of the classes kept, values replaced by the mean of their rank',
  isGapSafe: false,
  minClasses: 2,
  needsStandard: false,
  apply({ robust }) {
    const means = rankMeans(robust);
    return eachRow(robust, (row) => {
      for (const [rank, k] of classOrder(row).entries()) row[k] = means[rank]!;
    });
  },
};

/**
 * M6: each example takes the mean logit vector of its predicted class; what tells it from others of
 * that class is gone.
 */
export const m6: Manipulation = {
  id: 'M6',
  summary: 'logits replaced by the mean vector of the predicted class',
  isGapSafe: false,
  minClasses: 2,
  needsStandard: false,
  apply({ robust }) {
    const { means } = meanLogitMap(robust);
    return eachRow(robust, (row) => row.set(means[topTwo(row)[0]]!));
  },
};

/**
 * M7: the max logit becomes the runner-up plus the mean gap. Sample-wise confidence is gone, the
 * order stays, and so do mean max and mean gap.
 */
export const m7: Manipulation = {
  id: 'M7',
  summary: 'constant gap: max logit set to the runner-up plus the mean gap',
  isGapSafe: false,
  minClasses: 2,
  needsStandard: false,
  apply({ robust }) {
    const [first, second] = rankMeans(robust);
    const gap = first! - second!;
    return eachRow(robust, (row) => {
      const [best, next] = topTwo(row);
      row[best] = row[next]! + gap;
    });
  },
};

/**
 * M8: each example is shifted so that its max logit is the mean max logit. The softmax does not see
 * it; the logits' squared distance does.
 */
export const m8: Manipulation = {
  id: 'M8',
  summary: 'constant max: logits shifted so that the max is the mean max',
  isGapSafe: false,
  minClasses: 2,
  needsStandard: false,
  apply({ robust }) {
    const mean = rankMeans(robust)[0]!;
    return eachRow(robust, (row) => {
      const shift = mean - row[topTwo(row)[0]]!;
      for (const [k, value] of row.entries()) row[k] = value + shift;
    });
  },
};

/** Where every confidence rounds to 1: the logarithm of the rest must stay finite. */
const leastRest = 1e-12;

/**
 * M11: one-hot labels of the predicted class, smoothed so that the confidence is the teacher's mean
 * confidence; as logits with mean 0.
 */
export const m11: Manipulation = {
  id: 'M11',
  summary: 'one-hot prediction, smoothed to the mean confidence',
  isGapSafe: false,
  minClasses: 2,
  needsStandard: false,
  apply({ robust }) {
    let rest = 0;
    for (let index = 0; index < robust.rows; index++) {
      const row = rowOf(robust, index);
      const best = topTwo(row)[0];
      // The sum of the other probabilities is exact where 1 - confidence is not.
      softmax(row).forEach((p, k) => (rest += k === best ? 0 : p / robust.rows));
    }
    const other = Math.max(rest, leastRest);
    const gap = Math.log1p(-other) - Math.log(other / (robust.classes - 1));
    return eachRow(robust, (row) => {
      const best = topTwo(row)[0];
      row.fill(-gap / robust.classes);
      row[best] = gap - gap / robust.classes;
    });
  },
};
