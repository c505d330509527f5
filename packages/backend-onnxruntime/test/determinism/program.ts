// Trains steps `from` to `to` of a small net adversarially, from the state file if given, and writes the state:
//   program.mjs <from> <to> <state in or -> <state out> <plain|noisy|unnormalized> [options of the backend as JSON]
// `unnormalized` has no batch normalisation. With `noisy` it reads values and computes at places that differ from run to run.
import { readFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@advrob/core/gradients';
import { flush, registerOnnxRuntime, type OnnxRuntimeOptions } from '../../src/index.js';
import { makeNet } from './net.js';

const [from, to, input, output, manner, options] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string?,
];
registerOnnxRuntime({ deterministic: true, threads: 2, ...(JSON.parse(options ?? '{}') as OnnxRuntimeOptions) });
await tf.setBackend('onnxruntime');
tf.enableProdMode();

const net = makeNet(manner !== 'unnormalized');
const names = [...net.weights.keys()];
const variables = [...net.weights.values()];
const velocities = variables.map((variable) => tf.variable(tf.zerosLike(variable), false));
const state = [...variables, ...velocities];
if (input !== '-') {
  const bytes = readFileSync(input);
  let start = bytes.byteOffset;
  for (const variable of state) {
    variable.assign(tf.tensor(new Float32Array(bytes.buffer.slice(start, start + variable.size * 4)), variable.shape));
    start += variable.size * 4;
  }
}

const isNoisy = manner === 'noisy';
const sometimes = (act: () => void): void => {
  if (isNoisy && Math.random() < 0.3) act();
};
const notice = (value: tf.Tensor): void => {
  sometimes(() => value.dataSync());
  sometimes(() => flush());
};

function lossOf(x: tf.Tensor4D, labels: tf.Tensor2D): tf.Scalar {
  const logits = net.logits(x, notice);
  notice(logits);
  const loss = tf.losses.softmaxCrossEntropy(labels, logits) as tf.Scalar;
  notice(loss);
  return loss;
}

function perturbed(x: tf.Tensor4D, labels: tf.Tensor2D): tf.Tensor4D {
  const gradient = tf.grad((moved) => lossOf(moved as tf.Tensor4D, labels));
  let moved = x;
  for (let i = 0; i < 2; i++) moved = tf.clipByValue(tf.add(moved, tf.mul(tf.sign(gradient(moved)), 0.02)), -3, 3);
  return moved;
}

for (let step = Number(from); step < Number(to); step++) {
  tf.tidy(() => {
    const clean = tf.randomNormal([8, 12, 12, 1], 0, 1, 'float32', 100 + step) as tf.Tensor4D;
    const classes = Array.from({ length: 8 }, (_, i) => (i * 7 + step) % 10);
    const labels = tf.cast(tf.oneHot(tf.tensor1d(classes, 'int32'), 10), 'float32') as tf.Tensor2D;
    const x = perturbed(clean, labels);
    const { value, grads } = tf.variableGrads(() => lossOf(x, labels), variables);
    notice(value);
    const rate = 0.05 * (1 + Math.cos((Math.PI * step) / 50));
    variables.forEach((variable, index) => {
      // The gradients are keyed by names that count up over the life of the process.
      const gradient = grads[variable.name]!;
      const velocity = tf.add(tf.mul(velocities[index]!, 0.9), gradient);
      velocities[index]!.assign(velocity);
      variable.assign(tf.sub(variable, tf.mul(velocity, rate)));
      notice(variable);
    });
  });
  sometimes(() => variables[0]!.dataSync());
}
writeFileSync(
  output,
  Buffer.concat(state.map((variable) => Buffer.from(Float32Array.from(variable.dataSync()).buffer))),
);
process.stdout.write(JSON.stringify(names));
