import { build } from 'esbuild';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from './chromium.js';
import { serve, type Served } from './serve.js';

const packages = fileURLToPath(new URL('../../packages/', import.meta.url));
const fixtures = join(packages, 'models/test/fixtures');
const files = ['onnx/lenet-free.onnx', 'onnx/residual-one.onnx', 'onnx/vit-free.onnx', 'keras/branches.keras'];

interface Found {
  readonly backend: string;
  readonly scores: number[];
  readonly gradient: number[];
}

let folder = '';
let browser: Browser;
let served: Served;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-models-'));
  await build({
    stdin: {
      contents: `
        import '@advrob/core/gradients';
        import { crossEntropyLoss } from '@advrob/core/losses';
        import { fromLayersModel } from '@advrob/models';
        import { loadKerasFile } from '@advrob/models/keras';
        import { fromOnnx } from '@advrob/models/onnx';
        import { readOnnx } from '@advrob/onnx';
        import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
        import * as tf from '@tensorflow/tfjs-core';
        setWasmPaths('/');
        const started = tf.setBackend('wasm');
        globalThis.runFile = async (name, { shape, x, y }) => {
          await started;
          const bytes = new Uint8Array(await (await fetch('/' + name)).arrayBuffer());
          const model = name.endsWith('.onnx')
            ? await fromOnnx(readOnnx(bytes), { bounds: [0, 1] })
            : await fromLayersModel(await loadKerasFile(bytes, name), { bounds: [0, 1] });
          const input = tf.tensor(x, [3, ...model.inputShape]);
          const labels = tf.tensor1d(y ?? [0, 0, 0], 'int32');
          const clean = model.logits(input);
          const loss = (at) => tf.sum(crossEntropyLoss.value(model.logits(at), { y: labels, clean }));
          return {
            backend: tf.getBackend(),
            scores: Array.from(await clean.data()),
            gradient: Array.from(await tf.grad(loss)(input).data()),
          };
        };`,
      resolveDir: join(packages, 'cli'),
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
    outfile: join(folder, 'page.js'),
  });
  const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  for (const name of await readdir(wasm))
    if (name.endsWith('.wasm')) await copyFile(join(wasm, name), join(folder, name));
  for (const file of files) await copyFile(join(fixtures, file), join(folder, basename(file)));
  await writeFile(join(folder, 'index.html'), '<!doctype html><script type="module" src="page.js"></script>');
  [served, browser] = [await serve(folder), await launchChromium()];
  page = await browser.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(served.address);
  await page.waitForFunction(() => 'runFile' in globalThis);
});
afterAll(async () => {
  await browser?.close();
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});

const run = async (file: string, facts: object): Promise<Found> => {
  const found = await page.evaluate(
    ([name, given]) =>
      (globalThis as unknown as { runFile(name: string, facts: object): Promise<Found> }).runFile(name, given),
    [basename(file), facts] as const,
  );
  expect(found.backend).toBe('wasm');
  expect(complaints).toEqual([]);
  return found;
};

/** Largest difference, relative to the largest value. */
function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)));
  expect(worst / Math.max(...expected.map(Math.abs))).toBeLessThan(2e-5);
}

/** Rows less their mean, which a softmax does not see. */
function centred(scores: readonly number[], classes: number): number[] {
  return scores.map((score, i) => {
    const row = scores.slice(i - (i % classes), i - (i % classes) + classes);
    return score - row.reduce((sum, each) => sum + each, 0) / classes;
  });
}

it.each(files.slice(0, 3))('%s has the scores and input gradients of PyTorch in a browser, on wasm', async (file) => {
  const path = join(fixtures, 'onnx', `${basename(file).split('-')[0]!}.json`);
  const facts = JSON.parse(await readFile(path, 'utf8')) as Record<'x' | 'y' | 'logits' | 'gradient', number[]> & {
    readonly classes: number;
  };
  const found = await run(file, { x: facts.x, y: facts.y });
  expectClose(centred(found.scores, facts.classes), facts.logits);
  expectClose(found.gradient, facts.gradient);
});

it('branches.keras has the probabilities of Keras in a browser, on wasm', async () => {
  const all = JSON.parse(await readFile(join(fixtures, 'keras/outputs.json'), 'utf8')) as {
    readonly branches: { readonly x: number[]; readonly y: number[]; readonly classes: number };
  };
  const { x, y, classes } = all.branches;
  const { scores, gradient } = await run('branches.keras', { x });
  const powers = scores.map(Math.exp);
  const sums = powers.map((_, i) =>
    powers.slice(i - (i % classes), i - (i % classes) + classes).reduce((sum, each) => sum + each, 0),
  );
  expectClose(
    powers.map((power, i) => power / sums[i]!),
    y,
  );
  expect(gradient.some((value) => value !== 0)).toBe(true);
});
