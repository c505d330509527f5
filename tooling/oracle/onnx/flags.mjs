// Attacks on an imported file against attacks on the network that it was exported from: which examples AutoAttack fools,
// and how many withstand PGD, also in PyTorch. `node tooling/oracle/onnx/flags.mjs [--take 256] [--threads 1]`; prints a
// table for the docs. Not for CI: it needs a build (`pnpm build`) and Python with torch, named by ADVROB_BENCH_PYTHON or Debian's.
import '../../../packages/core/dist/gradients.js';
import { autoattack, pgd } from '../../../packages/attacks/dist/index.js';
import { registerOnnxRuntime } from '../../../packages/backend-onnxruntime/dist/index.js';
import { mnist } from '../../../packages/datasets/dist/index.js';
import { wilsonInterval } from '../../../packages/evaluation/dist/index.js';
import { compactCnn, savePytorchWeights } from '../../../packages/models/dist/index.js';
import { loadModelFile, loadOnnxFile, saveOnnxFile } from '../../../packages/models/dist/node.js';
import { adam, erm, fit } from '../../../packages/training/dist/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { take: { type: 'string', default: '256' }, threads: { type: 'string', default: '1' } },
});
const python = process.env.ADVROB_BENCH_PYTHON ?? '/usr/bin/python3';
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const effort = { steps: 20, queries: 200 };
const pgdSteps = 40;

tf.enableProdMode();
registerOnnxRuntime({ threads: Number(values.threads) });
await tf.setBackend('onnxruntime');
const { train, test } = await mnist();
const { x, y, ids } = await batchOf(test.take(Number(values.take)));
const labels = await y.data();

const nets = [
  { name: 'LeNet-5, PGD-trained', epsilon: 0.3, network: 'LeNet5', sizes: [28, 1, 16, 32, 32, 10], make: robust },
  { name: 'compact CNN, plain', epsilon: 0.05, network: 'CompactCnn', sizes: [28, 1, 16, 32, 64, 10], make: plain },
];
console.log('| network | epsilon | AutoAttack: own, imported | flags that differ | PGD-40: imported | in PyTorch |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const net of nets) console.log(`| ${(await compared(net)).join(' | ')} |`);
tf.dispose([x, y]);

async function batchOf(data) {
  for await (const batch of data.batches({ size: data.length })) return batch;
}

function robust() {
  return loadModelFile(here('../../bench/nets/lenet5-pgd.safetensors'));
}

/** Trained for a minute without attacks: its margins are small, so that flags are near to change. */
async function plain() {
  const model = compactCnn()(0);
  await fit({
    model,
    data: train,
    objective: erm(),
    optimizer: adam(),
    learningRate: 0.001,
    steps: 400,
    batchSize: 64,
    seed: 0,
  });
  return model;
}

async function compared({ name, epsilon, network, sizes, make }) {
  const folder = mkdtempSync(join(tmpdir(), 'advrob-onnx-'));
  try {
    const own = await make();
    const path = join(folder, 'net.onnx');
    await saveOnnxFile(path, own);
    const imported = await loadOnnxFile(path, { bounds: own.bounds, layout: 'NCHW' });
    const threat = { norm: 'linf', epsilon };
    const flagsOf = async (model, attack) => {
      const { success, cleanPrediction, adversarial } = await attack.run(model, x, y, threat, { ids, seed: 0 });
      adversarial.dispose();
      return [...success].map((fooled, i) => Boolean(fooled) || cleanPrediction[i] !== labels[i]);
    };
    const mine = await flagsOf(own, autoattack(effort));
    const theirs = await flagsOf(imported, autoattack(effort));
    const byPgd = await flagsOf(imported, pgd({ steps: pgdSteps }));
    writeFileSync(join(folder, 'weights.safetensors'), await savePytorchWeights(own));
    own.dispose();
    imported.dispose();
    writeFileSync(join(folder, 'x.bin'), await x.data());
    writeFileSync(join(folder, 'y.bin'), labels);
    writeFileSync(join(folder, 'case.json'), JSON.stringify({ network, sizes, epsilon, steps: pgdSteps }));
    const inPytorch = JSON.parse(execFileSync(python, [here('flags.py'), folder], { encoding: 'utf8' }));
    const withstood = (flags) => flags.filter((fooled) => !fooled).length;
    const percent = (share) => `${(100 * share).toFixed(1)}%`;
    const [low, high] = wilsonInterval(inPytorch.withstood, labels.length);
    return [
      name,
      epsilon,
      `${withstood(mine)}, ${withstood(theirs)} of ${labels.length}`,
      mine.filter((fooled, i) => fooled !== theirs[i]).length,
      percent(withstood(byPgd) / labels.length),
      `${percent(inPytorch.withstood / labels.length)} (${percent(low)} to ${percent(high)})`,
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
