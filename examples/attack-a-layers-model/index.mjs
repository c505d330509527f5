// Any tfjs-layers model will do; this one is made and trained on the spot.
import '@advrob/backend-onnxruntime/register';
import { pgd } from '@advrob/attacks';
import { mnist } from '@advrob/datasets';
import { fromLayersModel } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';

await tf.setBackend('onnxruntime');
const { train, test } = await mnist();
const model = sequential({
  layers: [
    layers.conv2d({ inputShape: [28, 28, 1], filters: 8, kernelSize: 5, strides: 2, activation: 'relu' }),
    layers.flatten(),
    layers.dense({ units: 10 }),
  ],
});
model.compile({ optimizer: 'adam', loss: (y, logits) => tf.losses.softmaxCrossEntropy(y, logits) });
for await (const { x, y } of train.take(2000).batches({ size: 2000 }))
  await model.fit(x, tf.oneHot(y, 10), { epochs: 3, batchSize: 50, verbose: 0 });

const classifier = await fromLayersModel(model, { bounds: [0, 1] });
for await (const { x, y } of test.take(100).batches({ size: 100 })) {
  const threat = { norm: 'linf', epsilon: 0.1 };
  const { robustAccuracy, cleanPrediction } = await pgd({ steps: 20 }).run(classifier, x, y, threat);
  const labels = await y.data();
  const right = cleanPrediction.filter((label, i) => label === labels[i]).length;
  console.log(`clean ${right}%, robust at 0.1: ${(100 * robustAccuracy).toFixed(0)}%`);
  if (right < 80 || robustAccuracy > 0.5) throw new Error('that is not what a plain net does');
}
