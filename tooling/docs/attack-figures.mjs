// The figures of the attack gallery: node tooling/docs/attack-figures.mjs [attack ...], on the built packages. Trains a small
// network on MNIST (half a minute), attacks one digit by every attack, and writes docs/attacks/figures/<name>.png: the digit, the
// change, magnified around grey, and the adversarial digit. An attack without a figure of success is named and ends the script with 1.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '../../packages/core/dist/gradients.js';
import * as catalogue from '../../packages/attacks/dist/index.js';
import { registerOnnxRuntime } from '../../packages/backend-onnxruntime/dist/index.js';
import { mnist } from '../../packages/datasets/dist/index.js';
import { compactCnn } from '../../packages/models/dist/index.js';
import { encodePng } from '../../packages/report/dist/index.js';
import { erm, fit, sgd } from '../../packages/training/dist/index.js';
import { root } from '../fresh/prepare.mjs';
import { radii } from './radii.mjs';

const side = 28;
const scale = 5;
const gap = 12;
const digits = 24;

tf.enableProdMode();
registerOnnxRuntime();
await tf.setBackend('onnxruntime');
const { train, test } = await mnist();
const network = async (seed) => {
  const model = compactCnn()(seed);
  await fit({
    model,
    data: train.take(8000),
    objective: erm(),
    optimizer: sgd({ momentum: 0.9 }),
    learningRate: 0.05,
    batchSize: 64,
    epochs: 2,
    seed,
  });
  return model;
};
const model = await network(0);
const factories = Object.values(catalogue).filter((each) => each?.definition?.knowledge && each.definition.norms);
const wanted = process.argv.slice(2);
const folder = join(root, 'docs/attacks/figures');
mkdirSync(folder, { recursive: true });
const { value: batch } = await test.take(digits).batches({ size: digits })[Symbol.asyncIterator]().next();
const { x, y } = batch;
for (const factory of factories) {
  const { name, norms, budget } = factory.definition;
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const options = name === 'transfer' ? { surrogate: await network(1), attack: catalogue.mim() } : {};
  const threat = { norm: norms[0], epsilon: budget === 'minimal' ? Infinity : radii[norms[0]] };
  const { success, adversarial } = await factory(options).run(model, x, y, threat);
  const row = [...success].findIndex(Boolean);
  if (row < 0) {
    console.error(`${name} fooled none of ${digits} digits`);
    process.exitCode = 1;
    continue;
  }
  const clean = await tf.slice(x, row, 1).data();
  const found = await tf.slice(adversarial, row, 1).data();
  writeFileSync(join(folder, `${name}.png`), strip([clean, changeOf(clean, found), found]));
  console.log(`${name}: digit ${row}`);
}

/** The change around grey, stretched to its largest value. */
function changeOf(clean, found) {
  const change = found.map((value, i) => value - clean[i]);
  const largest = change.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return change.map((value) => 0.5 + value / (2 * largest));
}

/** Pictures beside each other, each pixel of them as a square. */
function strip(pictures) {
  const width = pictures.length * side * scale + (pictures.length - 1) * gap;
  const pixels = new Uint8Array(width * side * scale).fill(255);
  pictures.forEach((picture, k) => {
    for (let row = 0; row < side * scale; row++)
      for (let column = 0; column < side * scale; column++) {
        const value = picture[Math.floor(row / scale) * side + Math.floor(column / scale)];
        pixels[row * width + k * (side * scale + gap) + column] = Math.round(255 * value);
      }
  });
  return encodePng(pixels, width, side * scale, 1);
}
