import { build, type BuildOptions } from 'esbuild';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attack, type Attacked, type Sums } from './bundle-entry.js';
import { launchChromium } from './chromium.js';
import { serve, type Served } from './serve.js';

const here = fileURLToPath(new URL('.', import.meta.url));
let browser: Browser;
let served: Served;
let folder = '';
let expected: Attacked;

/** The built packages, as they are published. */
const dist = (name: string): string => fileURLToPath(new URL(`../../packages/${name}/dist`, import.meta.url));
const shared: BuildOptions = {
  alias: Object.fromEntries(['core', 'attacks', 'models'].map((name) => [`@advrob/${name}`, dist(name)])),
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  logLevel: 'error',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-bundle-'));
  const backends = `
    import * as tf from '@tensorflow/tfjs-core';
    import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
    import '@tensorflow/tfjs-backend-webgl';
    import { attack } from '${here}bundle-entry.ts';
    import '@tensorflow/tfjs-backend-webgpu';
    import { sumsOn } from '${here}bundle-entry.ts';
    setWasmPaths('/');
    globalThis.attackOn = async (name, small) => { await tf.setBackend(name); await tf.ready(); return attack(small); };
    globalThis.sumsOn = sumsOn;`;
  await build({
    ...shared,
    stdin: { contents: backends, resolveDir: here, loader: 'ts' },
    outfile: join(folder, 'page.js'),
  });
  const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  for (const name of await readdir(wasm))
    if (name.endsWith('.wasm')) await copyFile(join(wasm, name), join(folder, name));
  await writeFile(
    join(folder, 'index.html'),
    '<!doctype html><title>advrob</title><script type="module" src="page.js"></script>',
  );
  served = await serve(folder);
  browser = await launchChromium();
  await tf.setBackend('cpu');
  expected = await attack();
});
afterAll(async () => {
  await browser?.close();
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each(['wasm', 'webgl'])('PGD in the browser on %s', (backend) => {
  it('finds what the cpu backend finds', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(served.address);
    await page.waitForFunction(() => 'attackOn' in globalThis);
    const found = (await page.evaluate(
      (name) => (globalThis as unknown as { attackOn(name: string): Promise<Attacked> }).attackOn(name),
      backend,
    )) as Attacked;
    const gpu = await page.evaluate(() => {
      const gl = document.createElement('canvas').getContext('webgl2');
      const info = gl?.getExtension('WEBGL_debug_renderer_info');
      return info ? String(gl!.getParameter(info.UNMASKED_RENDERER_WEBGL)) : 'no WebGL';
    });
    await page.close();
    expect(complaints).toEqual([]);
    expect(found.backend).toBe(backend);
    expect(found.success).toEqual(expected.success);
    expect(found.success.some((fooled) => fooled === 1)).toBe(true);
    // A gradient near 0 may have the other sign elsewhere, so a few pixels may lie on the other side of the ball.
    const apart = found.adversarial.filter((value, i) => Math.abs(value - expected.adversarial[i]!) > 1e-4).length;
    expect(apart / found.adversarial.length).toBeLessThan(0.01);
    console.log(`${backend}: ${found.milliseconds.toFixed(0)} ms for 3 steps on 8 images (${gpu})`);
  });
});

describe('on webgpu, which a processor emulates', () => {
  let gpu: Browser;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    gpu = await launchChromium('--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader');
    page = await gpu.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(served.address);
    await page.waitForFunction(() => 'attackOn' in globalThis);
  });
  afterAll(() => gpu?.close());

  it('computes what tfjs drops or mixes up: long sums, and sums from the end of axes of two lengths', async () => {
    const sums = await page.evaluate(() =>
      (globalThis as unknown as { sumsOn(name: string): Promise<Sums> }).sumsOn('webgpu'),
    );
    expect(sums).toEqual({ terms: [45, 45], four: [4, 3, 2, 1], six: [6, 5, 4, 3, 2, 1], errors: [] });
  });

  it('PGD through max pooling finds what the cpu backend finds', async () => {
    await tf.setBackend('cpu');
    const wanted = await attack(true);
    const found = await page.evaluate(() =>
      (globalThis as unknown as { attackOn(name: string, small: boolean): Promise<Attacked> }).attackOn('webgpu', true),
    );
    expect(complaints).toEqual([]);
    expect(found.backend).toBe('webgpu');
    expect(found.success).toEqual(wanted.success);
    expect(new Set(found.success).size).toBe(2);
    const apart = found.adversarial.filter((value, i) => Math.abs(value - wanted.adversarial[i]!) > 1e-4).length;
    expect(apart / found.adversarial.length).toBeLessThan(0.01);
    console.log(`webgpu: ${found.milliseconds.toFixed(0)} ms for 3 steps on 4 images`);
  });
});

it('is small: core, attacks and models of a page that uses one attack and one model', async () => {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: [join(here, 'bundle-entry.ts')],
    external: ['@tensorflow/*'],
    write: false,
  });
  const kilobytes = gzipSync(outputFiles![0]!.contents).length / 1000;
  console.log(`core + attacks + models for this page: ${kilobytes.toFixed(1)} kB gzipped, without tfjs`);
  // Nearly half of it are gradients, and kernels of the wasm backend, that are right where those of tfjs are not.
  expect(kilobytes).toBeLessThan(115);
});
