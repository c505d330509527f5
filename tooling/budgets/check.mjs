// Byte budgets of what a user imports: each entry bundled and minified by esbuild, gzipped, with tfjs, zod and other packages left out.
// An entry of which a bundler leaves nothing is not what it was made for: `sideEffects` of its package misses a file.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { root } from '../fresh/prepare.mjs';

const budgets = JSON.parse(readFileSync(new URL('./budgets.json', import.meta.url), 'utf8'));
let failed = 0;
// The gradients, which every page needs once and core's own entries bring along, have a budget of their own.
const core = join(root, 'packages/core/dist');
const gradients = readdirSync(core)
  .filter(
    (file) => /^chunk-.*\.js$/.test(file) && readFileSync(join(core, file), 'utf8').includes('// src/gradients.ts'),
  )
  .map((file) => join(core, file));
for (const [entry, kilobytes] of Object.entries(budgets)) {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'packages', entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    external: [
      '@tensorflow/*',
      '@advrob/*',
      'zod',
      'vega',
      'vega-lite',
      'node:*',
      ...(entry === 'core/dist/gradients.js' ? [] : gradients),
    ],
    logLevel: 'error',
  });
  const size = gzipSync(outputFiles[0].contents).length;
  const isOver = size > kilobytes * 1000;
  const isEmpty = outputFiles[0].contents.length < 20;
  if (isOver || isEmpty) failed++;
  console.log(
    `${isEmpty ? 'NONE' : isOver ? 'OVER' : 'ok  '} ${entry.padEnd(40)} ${(size / 1000).toFixed(1).padStart(6)} kB of ${kilobytes}`,
  );
}
process.exitCode = failed === 0 ? 0 : 1;
