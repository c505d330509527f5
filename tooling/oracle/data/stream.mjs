// Memory of a pass over a folder with 100,000 pictures: node tooling/oracle/data/stream.mjs [count] (after pnpm build). Ends with 1 when memory grows with the set.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { link, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { corrupted, imageFolder } from '../../../packages/datasets/dist/index.js';

const { encode } = await import(
  createRequire(new URL('../../../packages/datasets/package.json', import.meta.url)).resolve('fast-png')
);
const count = Number(process.argv[2] ?? 100_000);
const side = 32;
const different = 50;
const megabytes = (bytes) => Math.round(bytes / 2 ** 20);
const resident = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss;
};

/** A folder with two classes; one in `different` pictures is a file of its own, the others are further names of it. */
async function makeFolder(pictures) {
  const folder = await mkdtemp(join(tmpdir(), 'advrob-stream-'));
  for (const part of ['train', 'test'])
    for (const name of ['a', 'b']) await mkdir(join(folder, part, name), { recursive: true });
  const originals = [];
  for (let i = 0; i < different; i++) {
    const data = Uint8Array.from({ length: side * side * 3 }, (_, k) => (k * (i + 3) + (k >> 4)) % 256);
    originals.push(join(folder, `${i}.png`));
    await writeFile(originals[i], encode({ width: side, height: side, channels: 3, depth: 8, data }));
  }
  for (let i = 0; i < pictures; i++)
    await link(originals[i % different], join(folder, 'train', i % 2 ? 'a' : 'b', `${i}.png`));
  for (const name of ['a', 'b']) await writeFile(join(folder, 'test', name, '0.png'), await readFile(originals[0]));
  return folder;
}

/** Memory after loading and the most during a shuffled pass, in bytes. */
async function pass(data) {
  const after = resident();
  let most = after;
  let seen = 0;
  for await (const { x, y } of data.batches({ size: 500, seed: 1 })) {
    await x.data();
    seen += y.shape[0];
    tf.dispose([x, y]);
    most = Math.max(most, process.memoryUsage().rss);
  }
  if (seen !== data.length) throw new Error(`saw ${seen} of ${data.length} pictures`);
  return { after, most };
}

await tf.setBackend('cpu');
const rows = [];
for (const pictures of [count / 20, count]) {
  const folder = await makeFolder(pictures);
  const before = resident();
  const started = performance.now();
  const { train } = await imageFolder({ directory: folder, validation: 0 });
  for (const [name, data] of [
    ['as they are', train],
    ['under gaussian noise', corrupted(train, { corruption: 'gaussian-noise' })],
  ]) {
    const { after, most } = await pass(data);
    const seconds = Math.round((performance.now() - started) / 1000);
    rows.push({ pictures, name, loaded: megabytes(after - before), most: megabytes(most - before), seconds });
    console.log(JSON.stringify({ ...rows.at(-1), asFloats: megabytes(pictures * side * side * 3 * 4) }));
  }
  await rm(folder, { recursive: true });
}
const [small, , large, noisy] = rows;
const growth = Math.max(large.most, noisy.most) - small.most;
const allowed = megabytes(count * side * side * 3 * 4) / 4;
console.log(
  `twenty times the pictures: ${growth} MiB more; a quarter of them as floats would be ${Math.round(allowed)} MiB`,
);
if (growth > allowed) process.exitCode = 1;
