import type { AttackLoss } from '@advrob/core';
import { dlrLoss, marginLoss } from '@advrob/core/losses';

/**
 * The difference of logits ratio, and the margin of the logits where there are too few classes for it: fewer than 3, or fewer than 4 with a target.
 */
export const dlrOrMarginLoss: AttackLoss = {
  name: 'dlr',
  value(logits, rows) {
    const isDefined = logits.shape[1]! >= (rows.target ? 4 : 3);
    return (isDefined ? dlrLoss : marginLoss).value(logits, rows);
  },
};
