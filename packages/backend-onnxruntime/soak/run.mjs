// Trains a small net for many steps and watches what grows: `pnpm --filter @advrob/backend-onnxruntime soak [--steps 10000] [--json]`.
// Needs the built package. Exit code 1 when tensors, bytes, graphs or resident memory grew after the first tenth.
import * as tf from '@tensorflow/tfjs-core';
import { parseArgs } from 'node:util';
import { registerOnnxRuntime, stats } from '../dist/index.js';
import '../dist/register.js';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: { steps: { type: 'string', default: '10000' }, json: { type: 'boolean', default: false } },
});
const steps = Number(values.steps);
const batch = 8;
const say = (line) => process.stdout.write(`${line}\n`);
/** Garbage collection and the allocator make resident memory jump; a leak of one image a step would be 240 MB in 9,000 steps. */
const toleratedGrowthMb = 48;

tf.enableProdMode();
registerOnnxRuntime({});
await tf.setBackend('onnxruntime');

const weights = (shape, deviation, seed) => tf.variable(tf.randomNormal(shape, 0, deviation, 'float32', seed));
const [filter, second, dense] = [
  weights([3, 3, 1, 16], 0.3, 1),
  weights([3, 3, 16, 16], 0.1, 2),
  weights([784, 10], 0.05, 3),
];
const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 3, 4, 5, 6, 7], 'int32'), 10);
const logits = (x) => {
  const first = tf.maxPool(tf.relu(tf.conv2d(x, filter, 1, 'same')), 2, 2, 'valid');
  const last = tf.maxPool(tf.relu(tf.conv2d(first, second, 1, 'same')), 2, 2, 'valid');
  return tf.matMul(tf.reshape(last, [batch, 784]), dense);
};
const optimizer = tf.train.adam(0.001);

async function step(seed) {
  const x = tf.randomUniform([batch, 28, 28, 1], 0, 1, 'float32', seed);
  const loss = tf.tidy(() => optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, logits(x)), true));
  await loss.data();
  tf.dispose([x, loss]);
}

function measured(atStep) {
  globalThis.gc?.();
  const { bytes, pooledBytes, graphsCompiled, sessions } = stats();
  const residentMb = Math.round(process.memoryUsage.rss() / 2 ** 20);
  return { step: atStep, tensors: tf.memory().numTensors, bytes, pooledBytes, graphsCompiled, sessions, residentMb };
}

const rows = [];
const interval = Math.max(1, Math.floor(steps / 10));
for (let i = 1; i <= steps; i++) {
  await step(i);
  if (i % interval !== 0) continue;
  rows.push(measured(i));
  if (!values.json)
    say(
      Object.entries(rows.at(-1))
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    );
}
const [first, last] = [rows[0], rows.at(-1)];
const grown = ['tensors', 'bytes', 'pooledBytes', 'graphsCompiled', 'sessions'].filter(
  (name) => last[name] > first[name],
);
if (last.residentMb > first.residentMb + toleratedGrowthMb) grown.push('residentMb');
if (values.json) process.stdout.write(`${JSON.stringify({ steps, batch, rows, grown })}\n`);
else say(grown.length === 0 ? 'flat' : `grew: ${grown.join(', ')}`);
process.exitCode = grown.length === 0 ? 0 : 1;
