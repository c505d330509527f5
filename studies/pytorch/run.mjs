// Does an epoch of PGD-AT on MNIST follow PyTorch's?
//   node studies/pytorch/run.mjs [--report studies/pytorch/README.md] [--fixture]
//
// Protocol. compact-cnn of a quarter of its width, batches of 128 of all training examples (429
// steps), PGD-7 from the clean example at epsilon 0.1, which rises from 0 in 200 steps, in eval
// mode, SGD with rate 0.05 and momentum 0.9, from the same initial weights and batches on both
// sides. Signs of gradients near 0 flip with rounding, so two runs part slowly even within PyTorch.
// That is the noise: PyTorch with other convolution kernels, and from initial weights that differ
// by up to 1e-7 of their size.
// A first run without that rise agreed too, but never left the loss of chance, where there is
// little to compare.
// Measure: mean over the steps of |difference of the losses|, and the largest difference of their
// means over 20 steps. We follow PyTorch within noise when neither is above twice the largest among
// the variants of PyTorch.
// --fixture writes the losses of a small epoch (10 steps of 8) to
//   tooling/oracle/training/fixtures/mnist-epoch.json instead.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '../../packages/core/dist/gradients.js';
import { pgd } from '../../packages/attacks/dist/index.js';
import { registerOnnxRuntime } from '../../packages/backend-onnxruntime/dist/index.js';
import { mnist } from '../../packages/datasets/dist/index.js';
import { compactCnn, saveWeights } from '../../packages/models/dist/index.js';
import { fit, pgdAt, sgd } from '../../packages/training/dist/index.js';
import { epochs, ourLosses, settings } from './epoch.mjs';
import { markdownTable, writeResults } from '../shared/results.mjs';

const { values } = parseArgs({ options: { report: { type: 'string' }, fixture: { type: 'boolean', default: false } } });
const { channels, hidden, batchSize, steps, warmUp } = values.fixture ? epochs.small : epochs.whole;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

tf.enableProdMode();
registerOnnxRuntime({ deterministic: true, threads: 1 });
await tf.setBackend('onnxruntime');
const { train } = await mnist();
const model = compactCnn({ channels, hidden })(0);

const folder = mkdtempSync(join(tmpdir(), 'advrob-epoch-'));
const timed = async (name, run) => {
  const start = performance.now();
  const losses = await run();
  process.stderr.write(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
  return losses;
};
try {
  await writeInputs();
  const torch = (variant) =>
    timed(`PyTorch, ${variant}`, () =>
      JSON.parse(
        execFileSync('/usr/bin/python3', [here('../../tooling/oracle/training/pgd_at_epoch.py'), folder, variant], {
          env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
          encoding: 'utf8',
          maxBuffer: 1e8,
        }),
      ),
    );
  const base = await torch('base');
  if (values.fixture) writeFixture(base);
  else {
    const ours = await timed('advrob', () =>
      ourLosses({ model, train, fit, pgdAt, sgd, pgd }, { batchSize, steps, warmUp }),
    );
    const variants = {};
    for (const variant of ['kernels', 'ulp-1']) variants[variant] = await torch(variant);
    await tell(base, ours, variants);
  }
} finally {
  rmSync(folder, { recursive: true });
  model.dispose();
}

/** Initial weights, and the batches in the order in which `fit` draws them. */
async function writeInputs() {
  const [images, labels] = [new Uint8Array(steps * batchSize * 784), new Uint8Array(steps * batchSize)];
  let step = 0;
  for await (const { x, y } of train.batches({ size: batchSize, seed: 0, epoch: 0, dropLast: true })) {
    const pixels = await x.data();
    images.set(
      Uint8Array.from(pixels, (value) => Math.round(255 * value)),
      step * pixels.length,
    );
    labels.set(await y.data(), step * batchSize);
    tf.dispose([x, y]);
    if (++step === steps) break;
  }
  writeFileSync(join(folder, 'images.u8'), images);
  writeFileSync(join(folder, 'labels.u8'), labels);
  writeFileSync(join(folder, 'weights.safetensors'), await saveWeights(model));
  writeFileSync(join(folder, 'settings.json'), JSON.stringify({ ...settings, batchSize, steps, warmUp }));
}

function writeFixture(losses) {
  const path = here('../../tooling/oracle/training/fixtures/mnist-epoch.json');
  writeFileSync(path, `${JSON.stringify({ losses })}\n`);
}

async function tell(base, ours, variants) {
  const window = 20;
  const smooth = (losses) =>
    Array.from({ length: losses.length - window + 1 }, (_, i) => average(losses.slice(i, i + window)));
  const smoothBase = smooth(base);
  const apart = (losses) => {
    const differences = losses.map((loss, i) => Math.abs(loss - base[i]));
    const means = smooth(losses).map((mean, i) => Math.abs(mean - smoothBase[i]));
    return { first: Math.max(...differences.slice(0, 10)), mean: average(differences), smooth: Math.max(...means) };
  };
  const rows = Object.fromEntries(
    Object.entries({ advrob: ours, ...variants }).map(([name, each]) => [name, apart(each)]),
  );
  const noise = (measure) => Math.max(...Object.keys(variants).map((name) => rows[name][measure]));
  const holds = ['mean', 'smooth'].every((measure) => rows.advrob[measure] <= 2 * noise(measure));
  const number = (value) => value.toExponential(1);
  const text = [
    `${steps} steps of ${batchSize}; PyTorch's loss falls from ${average(base.slice(0, 20)).toFixed(3)} (mean of the first 20 steps) to ${average(base.slice(-20)).toFixed(3)} (last 20), ours from ${average(ours.slice(0, 20)).toFixed(3)} to ${average(ours.slice(-20)).toFixed(3)}.`,
    markdownTable(
      [
        'against PyTorch',
        'largest difference, first 10 steps',
        'mean difference',
        'largest difference of 20-step means',
      ],
      Object.entries(rows).map(([name, { first, mean, smooth: most }]) => [
        name,
        number(first),
        number(mean),
        number(most),
      ]),
    ),
    `Verdict: ${holds ? 'advrob follows PyTorch within noise' : 'advrob is further from PyTorch than noise'}: mean difference ${(rows.advrob.mean / noise('mean')).toFixed(2)} and smoothed difference ${(rows.advrob.smooth / noise('smooth')).toFixed(2)} of the largest of PyTorch's own.`,
  ].join('\n\n');
  console.log(text);
  if (values.report) await writeResults(values.report, 'epoch', text);
}

function average(list) {
  return list.reduce((sum, value) => sum + value, 0) / list.length;
}
