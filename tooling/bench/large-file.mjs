// Memory of an ONNX file of 490 MB, fourteen convolutions of 1,024 channels: node tooling/bench/large-file.mjs [--layers 14]
// The largest resident memory, in MB, of a process that loads it (compared with ONNX Runtime, as always), runs it, and takes a gradient.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { layers: { type: 'string', default: '14' }, part: { type: 'string' }, file: { type: 'string' } },
});
const width = 1024;
const shape = [8, 8, 3];

if (values.part === undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'advrob-large-'));
  try {
    const file = join(folder, 'large.onnx');
    for (const part of ['write', 'load']) {
      const args = [fileURLToPath(import.meta.url), '--layers', values.layers, '--part', part, '--file', file];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${part} failed:\n${stderr}`);
      process.stdout.write(stdout);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
} else {
  const tf = await import('@tensorflow/tfjs-core');
  await import('../../packages/core/dist/gradients.js');
  const { registerOnnxRuntime } = await import('../../packages/backend-onnxruntime/dist/index.js');
  registerOnnxRuntime();
  await tf.setBackend('onnxruntime');
  tf.enableProdMode();
  await { write, load }[values.part](tf);
}

/** He's weights: activations keep their size through all layers. */
async function write(tf) {
  const { fromFunction } = await import('../../packages/models/dist/index.js');
  const { saveOnnxFile } = await import('../../packages/models/dist/node.js');
  const filters = Array.from({ length: Number(values.layers) }, (_, i) => {
    const channels = i === 0 ? shape[2] : width;
    return tf.randomNormal([3, 3, channels, width], 0, Math.sqrt(2 / (9 * channels)), 'float32', i);
  });
  const last = tf.randomNormal([width, 10], 0, 0.03, 'float32', 99);
  const logits = (x) =>
    tf.matMul(
      tf.mean(
        filters.reduce((y, filter) => tf.relu(tf.conv2d(y, filter, 1, 'same')), x),
        [1, 2],
      ),
      last,
    );
  await saveOnnxFile(values.file, await fromFunction(logits, { inputShape: shape, bounds: [0, 1] }));
}

async function load(tf) {
  const { loadOnnxFile } = await import('../../packages/models/dist/node.js');
  const say = (what) => console.log(`${what}: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
  console.log(`file: ${Math.round(statSync(values.file).size / 1e6)} MB`);
  say('start');
  const model = await loadOnnxFile(values.file, { bounds: [0, 1] });
  say('loaded');
  const x = tf.randomUniform([1, ...shape], 0, 1, 'float32', 0);
  const scores = tf.tidy(() => model.logits(x));
  await scores.data();
  say('scores');
  const gradient = tf.tidy(() => tf.grad((at) => tf.sum(model.logits(at)))(x));
  await gradient.data();
  say('gradient');
}
