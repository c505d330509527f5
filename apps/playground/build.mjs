// Builds the playground: `node apps/playground/build.mjs [folder]`, default apps/playground/dist. Nothing in it comes from another host.
import { mnist } from '@advrob/datasets';
import { cards } from '@advrob/zoo';
import { weightsOf } from '@advrob/zoo/node';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Digits of the test set that come along: the first ones. */
const digits = 100;

/** Writes all files of the page into `folder`, which is emptied. */
export async function buildPlayground(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['index.html', 'style.css']) copyFileSync(join(here, name), join(folder, name));
  await build({
    entryPoints: [join(here, 'src/main.ts'), join(here, 'src/worker.ts')],
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    mainFields: ['module', 'main'],
    chunkNames: 'chunk-[hash]',
    logLevel: 'error',
  });
  const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  for (const name of readdirSync(wasm).filter((each) => each.endsWith('.wasm')))
    copyFileSync(join(wasm, name), join(folder, name));
  for (const { name, weights } of cards) {
    mkdirSync(dirname(join(folder, weights.file)), { recursive: true });
    copyFileSync(await weightsOf(name), join(folder, weights.file));
  }
  writeFileSync(join(folder, 'digits.bin'), await digitBytes());
  writeFileSync(join(folder, 'models.json'), JSON.stringify(cards.map(summary)));
}

/** What the page says of a model before it is loaded. */
function summary({ name, result: { model, threat, clean, robust } }) {
  return { name, training: model.training, norm: threat.norm, epsilon: threat.epsilon, clean, robust };
}

/** All labels, then all images, a byte a value. */
async function digitBytes() {
  await tf.setBackend('cpu');
  const { test } = await mnist();
  const parts = { labels: [], images: [] };
  for await (const { x, y } of test.take(digits).batches({ size: digits })) {
    parts.labels.push(...(await y.data()));
    parts.images.push(...Array.from(await x.data(), (value) => Math.round(value * 255)));
    tf.dispose([x, y]);
  }
  return Uint8Array.from([...parts.labels, ...parts.images]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(here, 'dist'));
  await buildPlayground(folder);
  console.log(`playground: ${folder}`);
}
