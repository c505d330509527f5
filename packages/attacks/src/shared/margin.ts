import type { AttackLoss, Rows } from '@advrob/core';
import { dlrLoss, marginLoss } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

type Aim = Pick<Rows<'gradients'>, 'y' | 'target'>;

/**
 * `max(confidence - margin, 0)` per row [n]: 0 where another class leads by the confidence, or the
 * target in a targeted run (Carlini and Wagner 2017, https://arxiv.org/abs/1608.04644, f6 and its
 * untargeted form).
 */
export function missingLead({ y, target }: Aim, logits: Tensor, confidence: number): Tensor {
  const rows = { y, clean: logits, target };
  return tf.relu(tf.sub(confidence, marginLoss.value(logits, rows)));
}

/**
 * The logits with a handicap: another class, or the target, wins only where it leads by the
 * confidence.
 */
export function handicapped({ y, target }: Aim, logits: Tensor, confidence: number): Tensor {
  if (confidence === 0) return logits;
  const handicap = tf.mul(tf.cast(tf.oneHot((target ?? y) as tf.Tensor1D, logits.shape[1]!), 'float32'), confidence);
  return target ? tf.sub(logits, handicap) : tf.add(logits, handicap);
}

/**
 * The difference of logits ratio, and the margin of the logits where there are too few classes for
 * it: fewer than 3, or fewer than 4 with a target.
 */
export const dlrOrMarginLoss: AttackLoss = {
  name: 'dlr',
  value(logits, rows) {
    const isDefined = logits.shape[1]! >= (rows.target ? 4 : 3);
    return (isDefined ? dlrLoss : marginLoss).value(logits, rows);
  },
};

/**
 * How much the difference of logits has to change to cross a boundary, [n], from the lead of the
 * class beyond [n] and the logits [n, K]: the size of the lead and a millionth of the largest
 * logit, as much as float32 leaves uncertain. Without it a point right before the boundary would
 * not move.
 */
export function leadToLose(lead: Tensor, logits: Tensor): Tensor {
  return tf.add(tf.abs(lead), tf.mul(tf.max(tf.abs(logits), 1), 1e-6));
}
