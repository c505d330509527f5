import { build } from 'esbuild';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { launchChromium } from './chromium.js';
import { serve } from './serve.js';

const datasets = fileURLToPath(new URL('../../packages/datasets/', import.meta.url));
const files = join(datasets, 'test/files');

it('decodes pictures in the browser to the levels that Pillow has', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'advrob-pictures-'));
  const names = ['420.jpg', 'progressive.jpg', 'lossy.webp'] as const;
  await build({
    stdin: {
      contents: `
        import { decodePicture } from '@advrob/datasets/pictures';
        globalThis.levelsOf = async (name) => {
          const file = await (await fetch('/' + name)).arrayBuffer();
          return Array.from((await decodePicture(new Uint8Array(file))).data);
        };`,
      resolveDir: datasets,
    },
    alias: { '@advrob/datasets/pictures': join(datasets, 'dist/pictures.js') },
    bundle: true,
    logLevel: 'error',
    format: 'esm',
    platform: 'browser',
    outfile: join(folder, 'page.js'),
  });
  const { resolve } = createRequire(join(datasets, 'package.json'));
  for (const codec of ['jpeg/codec/dec/mozjpeg_dec.wasm', 'webp/codec/dec/webp_dec.wasm'])
    await copyFile(resolve(`@jsquash/${codec}`), join(folder, codec.split('/').at(-1)!));
  for (const name of names) await copyFile(join(files, 'pictures', name), join(folder, name));
  await writeFile(join(folder, 'index.html'), '<!doctype html><script type="module" src="page.js"></script>');
  const [served, browser] = [await serve(folder), await launchChromium()];
  try {
    const page = await browser.newPage();
    await page.goto(served.address);
    await page.waitForFunction(() => 'levelsOf' in globalThis);
    const expected = JSON.parse(await readFile(join(files, 'pictures.json'), 'utf8')) as {
      decoded: Record<string, { data: string }>;
    };
    for (const name of names) {
      const found = await page.evaluate(
        (file) => (globalThis as unknown as { levelsOf(file: string): Promise<number[]> }).levelsOf(file),
        name,
      );
      expect(found).toEqual([...Buffer.from(expected.decoded[name]!.data, 'base64')]);
    }
  } finally {
    await browser.close();
    await served.close();
    await rm(folder, { recursive: true });
  }
});
