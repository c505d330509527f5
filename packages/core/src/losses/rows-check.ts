import type { Tensor } from '@tensorflow/tfjs-core';
import { AdvrobError } from '../errors.js';

/**
 * Checks logits [n, K] and class indices [n], without reading a value.
 *
 * @throws AdvrobError `ADVROB_LOSS` naming the loss, what was expected and what was found.
 */
export function checkRows(who: string, logits: Tensor, classes: Tensor, fewestClasses = 2): void {
  checkLogits(who, logits, fewestClasses);
  if (classes.rank !== 1 || classes.shape[0] !== logits.shape[0] || classes.dtype !== 'int32')
    throw new AdvrobError(
      'ADVROB_LOSS',
      `${who}: expected one int32 class index per row of the logits [${logits.shape.join(', ')}], ` +
        `found ${classes.dtype} [${classes.shape.join(', ')}]; turn one-hot labels into indices with tf.argMax(y, 1)`,
    );
}

/**
 * Checks logits [n, K], without reading a value.
 *
 * @throws AdvrobError `ADVROB_LOSS` for another rank or fewer than `fewestClasses` classes.
 */
export function checkLogits(who: string, logits: Tensor, fewestClasses = 2): void {
  if (logits.rank !== 2)
    throw new AdvrobError('ADVROB_LOSS', `${who}: expected logits [n, K], found shape [${logits.shape.join(', ')}]`);
  if (logits.shape[1]! < fewestClasses)
    throw new AdvrobError(
      'ADVROB_LOSS',
      `${who}: needs at least ${fewestClasses} classes, found ${logits.shape[1]}: use a loss for fewer classes, such as 'margin'`,
    );
}

/** @throws AdvrobError `ADVROB_LOSS` when two logit tensors are not [n, K] of one shape. */
export function checkSameLogits(who: string, first: Tensor, second: Tensor): void {
  checkLogits(who, first);
  checkLogits(who, second);
  if (first.shape[0] !== second.shape[0] || first.shape[1] !== second.shape[1])
    throw new AdvrobError(
      'ADVROB_LOSS',
      `${who}: expected two logit tensors of one shape, found [${first.shape.join(', ')}] and [${second.shape.join(', ')}]`,
    );
}
