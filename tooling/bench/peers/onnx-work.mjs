// PGD steps of an ONNX file in @advrob/onnx, on a tfjs backend (first argument). The case is `height,width,channels@file`.
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { images } from '../nets/noise.mjs';
import { pgd } from '../nets/work.mjs';
import { watchNativeTime } from './native-time.mjs';
import { serve } from './serve.mjs';
import { useBackend } from './tfjs-backends.mjs';

const { createOnnxGraph, readOnnx } = await import(
  fileURLToPath(new URL('../../../packages/onnx/dist/index.js', import.meta.url))
);
const name = process.argv[2];
tf.enableProdMode();
const nativeTime = name.startsWith('onnxruntime') ? watchNativeTime() : undefined;
await useBackend(tf, name);

async function setup(work, batch) {
  const [sides, file] = work.split('@');
  const started = performance.now();
  const graph = createOnnxGraph(readOnnx(readFileSync(file)));
  const loadMs = performance.now() - started;
  const net = { logits: (x) => graph.runImages(x)[0] };
  const x = images(tf, [batch, ...sides.split(',').map(Number)]);
  const labels = tf.oneHot(
    tf.tensor1d(
      Array.from({ length: batch }, (_, i) => i % 10),
      'int32',
    ),
    10,
  );
  const loss = (logits) => tf.losses.softmaxCrossEntropy(labels, logits);
  const [logits, cost] = tf.tidy(() => {
    const all = net.logits(x);
    return [tf.slice(all, [0, 0], [1, 10]), loss(all)];
  });
  const described = { logits: [...(await logits.data())], loss: (await cost.data())[0], loadMs };
  tf.dispose([logits, cost]);
  return { described, step: pgd(tf, net, x, loss) };
}

await serve(setup, nativeTime);
