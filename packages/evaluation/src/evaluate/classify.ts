import { AdvrobError, type Classifier } from '@advrob/core';
import { settle } from '@advrob/core/settle';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkTensor } from './check-plugins.js';

/** Predicted class of each row, and the softmax probability of that class. */
export interface Verdicts {
  readonly predictions: number[];
  readonly confidences: number[];
}

/**
 * One forward pass over `x` [n, ...inputShape].
 *
 * @param what - What these points are, for the message when a logit is no number. Without it a row
 *   with NaN is of class -1, right for no label, with confidence 0: at points of attacks a model may
 *   break.
 *
 * @throws AdvrobError `ADVROB_NOT_FINITE` when a logit is NaN or infinite and `what` is given,
 *   `ADVROB_SHAPE` when the model's output is not [n, numClasses] or was disposed.
 */
export async function classify(model: Classifier, x: Tensor, what?: string): Promise<Verdicts> {
  const logits = tf.tidy(() => model.logits(x));
  try {
    checkTensor('the outputs of the model', logits, [x.shape[0]!, model.numClasses], 'ADVROB_SHAPE');
    await settle(logits);
    return verdictsOf(await logits.data(), model.numClasses, what);
  } finally {
    if (logits instanceof tf.Tensor && !logits.isDisposed) logits.dispose();
  }
}

function verdictsOf(values: ArrayLike<number>, classes: number, what: string | undefined): Verdicts {
  const predictions: number[] = [];
  const confidences: number[] = [];
  for (let start = 0; start < values.length; start += classes) {
    let best = 0;
    let isBroken = false;
    for (let k = 0; k < classes; k++) {
      const value = values[start + k]!;
      isBroken ||= Number.isNaN(value);
      if (what !== undefined && !Number.isFinite(value))
        throw new AdvrobError(
          'ADVROB_NOT_FINITE',
          `logits of ${what}: ${value} for class ${k}; check the weights and the scaling of the inputs`,
        );
      if (value > values[start + best]!) best = k;
    }
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(values[start + k]! - values[start + best]!);
    predictions.push(isBroken ? -1 : best);
    // Two infinities have no difference.
    confidences.push(isBroken ? 0 : Number.isFinite(sum) ? 1 / sum : 1);
  }
  return { predictions, confidences };
}
