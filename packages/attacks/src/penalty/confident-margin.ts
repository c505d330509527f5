import type { Rows } from '@advrob/core';
import { marginLoss } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

type Aim = Pick<Rows<'gradients'>, 'y' | 'target'>;

/**
 * `max(confidence - margin, 0)` per row [n]: 0 where another class leads by the confidence, or the target in a targeted run (Carlini and Wagner
 * 2017, https://arxiv.org/abs/1608.04644, f6 and its untargeted form).
 */
export function missingLead({ y, target }: Aim, logits: Tensor, confidence: number): Tensor {
  const rows = { y, clean: logits, ...(target && { target }) };
  return tf.relu(tf.sub(confidence, marginLoss.value(logits, rows)));
}

/** The logits with a handicap: another class, or the target, wins only where it leads by the confidence. */
export function handicapped({ y, target }: Aim, logits: Tensor, confidence: number): Tensor {
  if (confidence === 0) return logits;
  const handicap = tf.mul(tf.cast(tf.oneHot((target ?? y) as tf.Tensor1D, logits.shape[1]!), 'float32'), confidence);
  return target ? tf.sub(logits, handicap) : tf.add(logits, handicap);
}
