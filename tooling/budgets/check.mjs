// Byte budgets of what a user imports: each entry bundled and minified by esbuild, gzipped, with tfjs, zod and other packages left out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { root } from '../fresh/prepare.mjs';

const budgets = JSON.parse(readFileSync(new URL('./budgets.json', import.meta.url), 'utf8'));
let failed = 0;
for (const [entry, kilobytes] of Object.entries(budgets)) {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'packages', entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    external: ['@tensorflow/*', '@advrob/*', 'zod', 'vega', 'vega-lite', 'node:*'],
    logLevel: 'error',
  });
  const size = gzipSync(outputFiles[0].contents).length;
  const isOver = size > kilobytes * 1000;
  if (isOver) failed++;
  console.log(
    `${isOver ? 'OVER' : 'ok  '} ${entry.padEnd(40)} ${(size / 1000).toFixed(1).padStart(6)} kB of ${kilobytes}`,
  );
}
process.exitCode = failed === 0 ? 0 : 1;
