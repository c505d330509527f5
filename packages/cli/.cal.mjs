import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import { mnist } from '@advrob/datasets';
import { compactCnn } from '@advrob/models';
import * as models from '@advrob/models';
import { fit, pgdAt, erm, sgd } from '@advrob/training';
import { pgd } from '@advrob/attacks';
const which = process.argv[2] ?? 'ort';
if (which === 'ort') {
  registerOnnxRuntime({ deterministic: process.argv[5] === 'det' });
  await tf.setBackend('onnxruntime');
} else {
  await import('@tensorflow/tfjs-backend-wasm');
  await tf.setBackend('wasm');
}
console.log(tf.getBackend(), Object.keys(models).join(' '));
const { train, test } = await mnist();
const steps = +process.argv[3] || 50;
const adv = process.argv[4] !== 'std';
const model = compactCnn()(0);
let t0 = performance.now();
await fit({
  model,
  data: train,
  objective: adv ? pgdAt() : erm(),
  attack: pgd({ steps: 7, stepSize: 0.05 }),
  threat: { norm: 'linf', epsilon: 0.2 },
  steps,
  batchSize: 128,
  learningRate: 0.05,
  optimizer: sgd({ momentum: 0.9 }),
  schedule: { name: 'cosine' },
  epsilonSchedule: { name: 'warm-up', length: 0.4, unit: 'run' },
  logEvery: 50,
  onEvent: (e) => e.type === 'metrics' && console.log(JSON.stringify(e)),
});
console.log(
  'train s',
  (performance.now() - t0) / 1000,
  'tensors',
  tf.memory().numTensors,
  JSON.stringify(tf.backend().stats?.()),
);
t0 = performance.now();
let n = 0,
  clean = 0,
  rob = 0;
for await (const b of test.take(500).batches({ size: 100 })) {
  const r = await pgd({ steps: 40, stepSize: 0.01 }).run(
    model,
    b.x,
    b.y,
    { norm: 'linf', epsilon: 0.2 },
    { ids: b.ids },
  );
  n += b.ids.length;
  rob += r.robustAccuracy * b.ids.length;
  r.cleanPrediction.forEach((p, i) => (clean += p === b.y.dataSync()[i]));
  tf.dispose([b.x, b.y, r.adversarial]);
}
console.log(
  'clean',
  clean / n,
  'robust',
  rob / n,
  'eval s',
  (performance.now() - t0) / 1000,
  JSON.stringify(tf.backend().stats?.()),
);
