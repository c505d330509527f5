// A model of your own is an object: weights by name, and logits. `fit` trains it in place.
import '@advrob/backend-onnxruntime/register';
import { pgd } from '@advrob/attacks';
import { createRandom } from '@advrob/core/random';
import { mnist } from '@advrob/datasets';
import { fit, pgdAt, sgd } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';

await tf.setBackend('onnxruntime');
const rng = createRandom({ seed: 0 });
const weights = {
  hidden: tf.variable(tf.mul(rng.normal('hidden', [784, 64]), 0.05)),
  output: tf.variable(tf.mul(rng.normal('output', [64, 10]), 0.1)),
};
const model = {
  inputShape: [28, 28, 1],
  numClasses: 10,
  bounds: [0, 1],
  weights,
  logits: (x) => tf.tidy(() => tf.matMul(tf.relu(tf.matMul(tf.reshape(x, [-1, 784]), weights.hidden)), weights.output)),
};

const { train, test } = await mnist();
const threat = { norm: 'linf', epsilon: 0.1 };
const { history, inputGradients } = await fit({
  model,
  data: train.take(3000),
  objective: pgdAt(),
  attack: pgd({ steps: 5 }),
  threat,
  optimizer: sgd({ momentum: 0.9 }),
  learningRate: 0.1,
  schedule: { name: 'cosine' },
  batchSize: 60,
  epochs: 6,
});
console.log(`${inputGradients} adversarial gradients, last loss ${history.at(-1).loss.total.toFixed(2)}`);
for await (const { x, y } of test.take(200).batches({ size: 200 })) {
  const { robustAccuracy } = await pgd({ steps: 20 }).run(model, x, y, threat);
  console.log(`robust accuracy at 0.1: ${(100 * robustAccuracy).toFixed(1)}%`);
  if (robustAccuracy < 0.4) throw new Error('adversarial training should reach 40%');
}
