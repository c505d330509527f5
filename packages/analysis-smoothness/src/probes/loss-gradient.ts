import { settle, type Classifier } from '@advrob/core';
import { crossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { addScaled, mapWeights, type WeightVector } from './weight-vector.js';
import type { ProbeExamples } from './examples.js';

/**
 * The gradient of the mean cross-entropy in the weights at fixed inputs, in `eval` mode. By the
 * envelope theorem (T0) it is the gradient of the adversarial loss where the inputs are optimal
 * attacks at these weights. The result is the caller's.
 *
 * @param inputs As {@link attacked} gives them.
 */
export async function lossGradient(
  model: Classifier,
  { batches, count }: ProbeExamples,
  inputs: readonly Tensor[],
): Promise<WeightVector> {
  const weights = model.weights as unknown as WeightVector;
  let sum: WeightVector = mapWeights(weights, (weight) => tf.zerosLike(weight));
  for (const [i, { y }] of batches.entries()) {
    const next = tf.tidy(() => {
      const loss = (): Scalar => tf.div(tf.sum(crossEntropy(model.logits(inputs[i]!), y)), count);
      const allowNoGradients = true;
      const { grads } = tf.engine().gradients(loss, Object.values(weights), undefined, allowNoGradients);
      const parts = Object.entries(weights).map(([name, weight], k) => [name, grads[k] ?? tf.zerosLike(weight)]);
      return { ...addScaled(sum, Object.fromEntries(parts) as WeightVector, 1) };
    });
    tf.dispose(sum);
    sum = next;
    await settle(...Object.values(sum));
  }
  return sum;
}

/** Mean cross-entropy at fixed inputs, in `eval` mode. */
export async function meanLoss(
  model: Classifier,
  { batches, count }: ProbeExamples,
  inputs: readonly Tensor[],
): Promise<number> {
  let sum = 0;
  for (const [i, { y }] of batches.entries()) {
    const part = tf.tidy(() => tf.sum(crossEntropy(model.logits(inputs[i]!), y)));
    await settle(part);
    sum += (await part.data())[0]!;
    part.dispose();
  }
  return sum / count;
}
