// `advrob evaluate --jobs 2` (two processes of one thread) against one process with two threads: the whole command, from its start to its page, in turns.
// The images are noise and their labels what the model says of them, under an epsilon so small that nearly no row falls: every step is on whole batches.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useBackend } from '../peers/tfjs-backends.mjs';
import { median, row } from '../statistics.mjs';

const bin = fileURLToPath(new URL('../../../packages/cli/dist/bin.js', import.meta.url));
/** `limit`: two jobs are to take so much of the time at most. */
const cases = [
  { name: 'PGD-40, SmallCNN, 4000 images', net: 'smallCnn', shape: [28, 28, 1], examples: 4000, batch: 100 },
  { name: 'PGD-40, ResNet-18, 256 images', net: 'resnet18', shape: [32, 32, 3], examples: 256, batch: 16 },
].map((each) => ({ ...each, limit: 1 / 1.15 }));
const mostRounds = 3;

export async function* run(options) {
  const folder = mkdtempSync(join(tmpdir(), 'advrob-bench-jobs-'));
  try {
    for (const each of cases) if (options.wants(each.name)) yield await compare(each, options, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare({ name, net, shape, examples, batch, limit }, { rounds, note }, home) {
  const folder = join(home, net);
  mkdirSync(folder);
  await prepare(folder, net, shape, examples);
  const seconds = { jobs: [], threads: [] };
  const flags = { jobs: ['--jobs', '2', '--threads', '1'], threads: ['--threads', '2'] };
  const counts = new Set();
  for (let turn = 0; turn < Math.min(rounds, mostRounds); turn++)
    for (const side of turn % 2 === 0 ? ['jobs', 'threads'] : ['threads', 'jobs']) {
      const out = `${side}-${turn}`;
      seconds[side].push(await timed(folder, [...evaluation(batch), ...flags[side], '--out', out]));
      const { robust } = JSON.parse(readFileSync(join(folder, out, 'record.json'), 'utf8')).models[0];
      counts.add(robust.count);
      note(`${name}, ${side}: ${seconds[side].at(-1).toFixed(1)} s, ${robust.count} of ${robust.total} robust`);
    }
  const [ours, peer] = [median(seconds.jobs), median(seconds.threads)];
  return row({ name, ours, peer, unit: 's', limit, runs: seconds.jobs.length, isSame: counts.size === 1 });
}

function evaluation(batch) {
  const attack = ['--attack', 'pgd', '--set', 'pgd.steps=40', '--epsilon', '1e-5'];
  const data = ['--dataset', 'idx', '--set', 'idx.testImages=images.idx', '--set', 'idx.testLabels=labels.idx'];
  return ['evaluate', '--model', 'model.safetensors', ...data, ...attack, '--batch-size', String(batch)];
}

/** Seconds of a command. */
function timed(cwd, args) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-2000)));
    child.on('close', (code) => {
      if (code === 0) resolve((performance.now() - begun) / 1000);
      else reject(new Error(`advrob ${args.join(' ')} ended with ${code}\n${said}`));
    });
  });
}

/** Writes a model, images, and as their labels what the model says of them. */
async function prepare(folder, net, shape, examples) {
  const tf = await import('@tensorflow/tfjs-core');
  const models = await import('../../../packages/models/dist/index.js');
  tf.enableProdMode();
  await useBackend(tf, 'onnxruntime');
  const model = models[net]({ inputShape: shape })(0);
  writeFileSync(join(folder, 'model.safetensors'), await models.saveWeights(model));
  const size = shape.reduce((product, extent) => product * extent, 1);
  let state = 1;
  // The same pictures on every machine.
  const bytes = Uint8Array.from({ length: examples * size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  const labels = new Uint8Array(examples);
  for (let start = 0; start < examples; start += 100) {
    const values = Float32Array.from(bytes.subarray(start * size, (start + 100) * size), (value) => value / 255);
    const predicted = tf.tidy(() => {
      const x = tf.tensor(values, [values.length / size, ...shape]);
      return tf.argMax(model.logits(x), 1);
    });
    labels.set(await predicted.data(), start);
    predicted.dispose();
  }
  // All of ten classes, whatever the model says.
  labels.set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  writeFileSync(join(folder, 'images.idx'), idx(bytes, [examples, ...shape]));
  writeFileSync(join(folder, 'labels.idx'), idx(labels, [examples]));
  model.dispose();
}

/** An IDX file of bytes. */
function idx(bytes, shape) {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 + shape.length);
  shape.forEach((extent, axis) => header.setUint32(4 + 4 * axis, extent));
  return Buffer.concat([Buffer.from(header.buffer), bytes]);
}
