import type { Rows } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Rows [n] (bool) whose outputs (logits [n, K] or labels [n]) reach the aim: the target class in a
 * targeted run, else any class but the label.
 */
export function isFooled({ y, target }: Pick<Rows<'labels'>, 'y' | 'target'>, outputs: Tensor): Tensor {
  const labels = outputs.rank === 1 ? outputs : tf.argMax(outputs, 1);
  return target ? tf.equal(labels, target) : tf.notEqual(labels, y);
}
