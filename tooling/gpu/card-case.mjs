// One case of card.mjs: node card-case.mjs <webgpu|cpu> <net>/<check|pgd|training|pgd40>/<batch> <seconds>. Prints one JSON line.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import '../../packages/core/dist/gradients.js';
import { pgd } from '../../packages/attacks/dist/index.js';
import { registerOnnxRuntime, stats } from '../../packages/backend-onnxruntime/dist/index.js';
import { images } from '../bench/nets/noise.mjs';
import { resnet18 } from '../bench/nets/resnet18.mjs';
import { smallCnn } from '../bench/nets/small-cnn.mjs';

const [executionProvider, name, secondsText] = process.argv.slice(2);
const [netName, kind, batchText] = name.split('/');
const [batch, seconds] = [Number(batchText), Number(secondsText)];
tf.enableProdMode();
registerOnnxRuntime({ executionProvider });
await tf.setBackend('onnxruntime');

const net = { smallcnn: smallCnn, resnet18 }[netName](tf);
const x = images(tf, [batch, ...net.inputShape]);
const classes = tf.tensor1d(
  Array.from({ length: batch }, (_, i) => i % 10),
  'int32',
);
const labels = tf.tidy(() => tf.cast(tf.oneHot(classes, 10), 'float32'));
const loss = (points, training = false) => tf.losses.softmaxCrossEntropy(labels, net.logits(points, { training }));
const flush = (...tensors) => tf.backend().flush(tensors);

/** Waits for everything that was asked for: one number comes back. */
async function wait(tensor) {
  const sum = tf.tidy(() => tf.sum(tensor));
  const [value] = await sum.data();
  sum.dispose();
  return value;
}

/** Milliseconds of a step: the median of rounds of ten with one wait each, and arrays that moved in a step. */
async function timed(step) {
  for (let i = 0; i < 3; i++) await wait(step());
  const before = stats();
  const [rounds, start] = [[], performance.now()];
  let steps = 0;
  while (rounds.length < 3 || performance.now() - start < seconds * 1000) {
    const begin = performance.now();
    let last;
    for (let i = 0; i < 10; i++, steps++) last = step();
    await wait(last);
    rounds.push((performance.now() - begin) / 10);
    if (performance.now() - start > seconds * 5000) break;
  }
  const after = stats();
  rounds.sort((a, b) => a - b);
  return {
    value: rounds[rounds.length >> 1],
    unit: 'ms a step',
    uploads: (after.deviceUploads - before.deviceUploads) / steps,
    // The waits are ours.
    reads: (after.deviceReads - before.deviceReads - rounds.length) / steps,
  };
}

const work = {
  async check() {
    const { value, grad } = tf.valueAndGrad((points) => loss(points))(x);
    const { grads } = tf.variableGrads(() => loss(x), net.trainable);
    const weights = [];
    for (const each of Object.values(grads)) weights.push(...(await each.data()).slice(0, 64));
    return { loss: (await value.data())[0], gradient: [...(await grad.data())].slice(0, 4000), weights };
  },
  pgd() {
    const gradient = tf.grad((points) => loss(points));
    const [lower, upper] = [tf.clipByValue(tf.sub(x, 0.1), 0, 1), tf.clipByValue(tf.add(x, 0.1), 0, 1)];
    let points = tf.clone(x);
    return timed(() => {
      const next = tf.tidy(() =>
        tf.minimum(tf.maximum(tf.add(points, tf.mul(tf.sign(gradient(points)), 0.01)), lower), upper),
      );
      points.dispose();
      points = next;
      flush(points);
      return points;
    });
  },
  training() {
    const optimizer = tf.train.momentum(0.01, 0.9);
    let cost;
    return timed(() => {
      cost?.dispose();
      cost = optimizer.minimize(() => loss(x, true), true, net.trainable);
      flush();
      return cost;
    });
  },
  /** Through the attack engine, on an epsilon at which nobody falls. */
  async pgd40() {
    const weights = Object.fromEntries(net.trainable.map((variable, i) => [String(i), variable]));
    const logits = (points) => tf.tidy(() => net.logits(points, { training: false }));
    const model = { inputShape: net.inputShape, numClasses: 10, bounds: [0, 1], weights, logits };
    const y = tf.tidy(() => tf.cast(tf.argMax(logits(x), 1), 'int32'));
    const run = async () => {
      const { adversarial } = await pgd({ steps: 40 }).run(model, x, y, { norm: 'linf', epsilon: 1e-4 }, { seed: 1 });
      adversarial.dispose();
    };
    await run();
    const start = performance.now();
    let done = 0;
    do {
      await run();
      done += batch;
    } while (done < 10_000 && performance.now() - start < seconds * 2000);
    return { value: ((performance.now() - start) / 1000 / done) * 10_000, unit: 's for 10,000 images' };
  },
};
process.stdout.write(`${JSON.stringify({ card: stats().card, ...(await work[kind]()) })}\n`);
process.exit(0);
