import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { select } from '../tensors/rows.js';

/** The best point of each row with its gradient, so that an ascent can go back to it. */
export interface Best {
  readonly best: Tensor;
  readonly bestGradient: Tensor;
  /** [rows] */
  readonly bestLoss: Tensor;
}

/** One evaluated point per row. */
export interface Evaluated {
  readonly adv: Tensor;
  readonly gradient: Tensor;
  /** [rows] */
  readonly loss: Tensor;
}

/** No best point yet: any loss is higher. */
export function noBest(like: Tensor): Best {
  const nothing = tf.zerosLike(like);
  return { best: nothing, bestGradient: nothing, bestLoss: tf.fill([like.shape[0]!], -Infinity) };
}

/** The best points after `now`; an equal loss is no improvement. */
export function better({ best, bestGradient, bestLoss }: Best, { adv, gradient, loss }: Evaluated): Best {
  const isBetter = tf.greater(loss, bestLoss);
  return {
    best: select(isBetter, adv, best),
    bestGradient: select(isBetter, gradient, bestGradient),
    bestLoss: tf.where(isBetter, loss, bestLoss),
  };
}

/** `now`, with the rows of `mask` [rows] (bool) put back to their best point. */
export function backToBest(
  mask: Tensor,
  { best, bestGradient }: Best,
  now: Evaluated,
): Pick<Evaluated, 'adv' | 'gradient'> {
  return { adv: select(mask, best, now.adv), gradient: select(mask, bestGradient, now.gradient) };
}
