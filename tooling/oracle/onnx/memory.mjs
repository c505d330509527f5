// Peak memory of loading large ONNX files: `node tooling/oracle/onnx/memory.mjs [--megabytes 500]`; prints a table for the
// docs and fails where loading takes more than `--limit` (MB, default 2000). Files of random weights are written, each is
// loaded in a process of its own, compared with ONNX Runtime as always, and then takes one input gradient. Not for CI: it
// needs a build and 0.5 GB of disk.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '500' },
    limit: { type: 'string', default: '2000' },
    load: { type: 'string' },
  },
});

/** Layers as [outputs, inputs, ...kernel]: dense ones, or convolutions of 3x3. */
const kinds = {
  'dense layers': { input: [4096], layer: [4096, 4096] },
  convolutions: { input: [1024, 4, 4], layer: [1024, 1024, 3, 3] },
};

if (values.load) await load(values.load);
else all();

function all() {
  console.log('| weights of | file, MB | before | most while loading | after | most with a gradient |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const kind of Object.keys(kinds)) {
    const folder = mkdtempSync(join(tmpdir(), 'advrob-onnx-'));
    try {
      const path = join(folder, 'large.onnx');
      write(path, kinds[kind]);
      const child = [...(process.execArgv ?? []), '--expose-gc', fileURLToPath(import.meta.url), '--load', path];
      const found = JSON.parse(execFileSync(process.execPath, child, { encoding: 'utf8' }));
      const size = statSync(path).size / 1e6;
      const { before, loading, after, gradient } = found;
      console.log(`| ${[kind, Math.round(size), before, loading, after, gradient].join(' | ')} |`);
      if (loading > Number(values.limit)) process.exitCode = 1;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

async function load(path) {
  const tf = await import('@tensorflow/tfjs-core');
  await import('../../../packages/core/dist/gradients.js');
  const { registerOnnxRuntime } = await import('../../../packages/backend-onnxruntime/dist/index.js');
  const { loadOnnxFile } = await import('../../../packages/models/dist/node.js');
  tf.enableProdMode();
  registerOnnxRuntime({ threads: 1 });
  await tf.setBackend('onnxruntime');
  const resident = () => Math.round(process.memoryUsage().rss / 1e6);
  const most = () => Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
  const before = resident();
  const model = await loadOnnxFile(path, { bounds: [0, 1] });
  globalThis.gc();
  const [loading, after] = [most(), resident()];
  const slopes = tf.tidy(() => tf.grad((x) => tf.sum(tf.square(model.logits(x))))(tf.ones([1, ...model.inputShape])));
  await slopes.data();
  console.log(JSON.stringify({ before, loading, after, gradient: most() }));
}

/** A chain of such layers with ReLU between them, and ten scores at its end. */
function write(path, { input, layer }) {
  const bytesOf = (dims) => 4 * dims.reduce((product, side) => product * side, 1);
  const count = Math.max(1, Math.round((Number(values.megabytes) * 1e6) / bytesOf(layer)));
  const isImage = input.length === 3;
  const [nodes, weights] = [[], []];
  for (let i = 0; i < count; i++) {
    weights.push({ name: `w${i}`, dims: layer });
    const around = isImage ? [ints('pads', [1, 1, 1, 1])] : [number('transB', 1)];
    nodes.push(node(isImage ? 'Conv' : 'Gemm', [i === 0 ? 'x' : `r${i - 1}`, `w${i}`], `h${i}`, around));
    nodes.push(node('Relu', [`h${i}`], `r${i}`));
  }
  if (isImage) {
    nodes.push(node('GlobalAveragePool', [`r${count - 1}`], 'mean'));
    nodes.push(node('Flatten', ['mean'], 'flat'));
  }
  weights.push({ name: 'head', dims: [10, layer[0]] });
  nodes.push(node('Gemm', [isImage ? 'flat' : `r${count - 1}`, 'head'], 'y', [number('transB', 1)]));
  const ports = [field(11, port('x', [1, ...input])), field(12, port('y', [1, 10]))];
  const heads = weights.map(({ name, dims }) => {
    const described = Buffer.concat([...dims.map((side) => integer(1, side)), integer(2, 1), field(8, name)]);
    return Buffer.concat([described, Buffer.from([9 * 8 + 2]), varint(bytesOf(dims))]);
  });
  const sizes = weights.map(({ dims }, i) => heads[i].length + bytesOf(dims));
  const before = Buffer.concat([...nodes.map((each) => field(1, each)), field(2, 'large')]);
  const framed = sizes.map((size) => Buffer.concat([Buffer.from([5 * 8 + 2]), varint(size)]));
  const after = Buffer.concat(ports);
  const length = before.length + after.length + framed.reduce((sum, { length }, i) => sum + length + sizes[i], 0);
  const file = openSync(path, 'w');
  writeSync(file, Buffer.concat([integer(1, 8), field(8, integer(2, 17)), Buffer.from([7 * 8 + 2]), varint(length)]));
  writeSync(file, before);
  weights.forEach(({ dims }, i) => {
    writeSync(file, framed[i]);
    writeSync(file, heads[i]);
    writeSync(file, Buffer.from(noise(bytesOf(dims) / 4, dims.slice(1)).buffer));
  });
  writeSync(file, after);
  closeSync(file);
}

/** Uniform, such that layers keep the size of what goes through them. */
function noise(count, inputs) {
  const scale = Math.sqrt(6 / inputs.reduce((product, side) => product * side, 1));
  let state = count;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scale * (state / 2 ** 31 - 1);
  });
}

function varint(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}
function field(id, content) {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(id * 8 + 2), varint(bytes.length), bytes]);
}
function integer(id, value) {
  return Buffer.concat([varint(id * 8), varint(value)]);
}
function number(name, value) {
  return Buffer.concat([field(1, name), integer(3, value), integer(20, 2)]);
}
function ints(name, list) {
  return Buffer.concat([field(1, name), ...list.map((each) => integer(8, each)), integer(20, 7)]);
}
function node(operator, inputs, output, attributes = []) {
  return Buffer.concat([
    ...inputs.map((name) => field(1, name)),
    field(2, output),
    field(4, operator),
    ...attributes.map((each) => field(5, each)),
  ]);
}
function port(name, dims) {
  const shape = Buffer.concat(dims.map((side) => field(1, integer(1, side))));
  return Buffer.concat([field(1, name), field(2, field(1, Buffer.concat([integer(1, 1), field(2, shape)])))]);
}
