// Architectures that PyTorch exports, at several opsets: the import against ONNX Runtime (logits) and PyTorch (input
// gradients). `node tooling/oracle/onnx/architectures.mjs [name ...] [--opsets 11,13,17]`; prints a table for the docs.
// Not for CI: it needs a build (`pnpm build`), torch and torchvision, named by ADVROB_BENCH_PYTHON or Debian's.
import { registerOnnxRuntime } from '../../../packages/backend-onnxruntime/dist/index.js';
import '../../../packages/backend-onnxruntime/dist/register.js';
import { createSession } from '../../../packages/backend-onnxruntime/dist/session.js';
import { createOnnxGraph, readOnnx } from '../../../packages/onnx/dist/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { opsets: { type: 'string', default: '11,13,17' } },
});
const python = process.env.ADVROB_BENCH_PYTHON ?? '/usr/bin/python3';
const script = fileURLToPath(new URL('architectures.py', import.meta.url));
const all = JSON.parse(execFileSync(python, [script], { encoding: 'utf8' }));
const names = positionals.length > 0 ? positionals : all;

registerOnnxRuntime({ threads: 1 });
await tf.setBackend('onnxruntime');

/** Largest difference, relative to the largest value. */
function difference(found, wanted) {
  let [largest, worst] = [0, found.length === wanted.length ? 0 : Infinity];
  wanted.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    worst = Math.max(worst, Math.abs(value - found[i]));
  });
  return worst / largest;
}

async function compare(name, opset) {
  const folder = mkdtempSync(join(tmpdir(), 'advrob-onnx-'));
  try {
    execFileSync(python, [script, name, opset, folder], { stdio: ['ignore', 'ignore', 'pipe'] });
    const floats = (file) => new Float32Array(new Uint8Array(readFileSync(join(folder, file))).buffer);
    const { input: shape } = JSON.parse(readFileSync(join(folder, 'shapes.json'), 'utf8'));
    const bytes = new Uint8Array(readFileSync(join(folder, 'net.onnx')));
    const graph = createOnnxGraph(readOnnx(bytes));
    const session = createSession(bytes);
    const data = floats('input');
    const judged = session.run({ x: { type: 'float32', dims: shape, data } }).y.data;
    session.dispose();
    const x = tf.tensor(data, shape);
    const labels = tf.oneHot(tf.tensor1d([0, 1], 'int32'), 10);
    const [logits, gradient] = tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((at) => tf.losses.softmaxCrossEntropy(labels, graph.run({ x: at })[0]))(
        x,
      );
      value.dispose();
      return [graph.run({ x })[0], grad];
    });
    const result = {
      nodes: graph.model.nodes.length,
      logits: difference(await logits.data(), judged),
      gradient: difference(await gradient.data(), floats('gradient')),
    };
    graph.dispose();
    tf.dispose([x, labels, logits, gradient]);
    return result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

console.log('| architecture | opset | nodes | logits | input gradient |\n| --- | --- | --- | --- | --- |');
for (const name of names)
  for (const opset of values.opsets.split(',')) {
    const found = await compare(name, opset).catch((error) => ({
      error: error.message.split('\n').filter(Boolean).at(-1),
    }));
    const cells = found.error
      ? [found.error, '', '']
      : [found.nodes, found.logits.toExponential(0), found.gradient.toExponential(0)];
    console.log(`| ${[name, opset, ...cells].join(' | ')} |`);
  }
