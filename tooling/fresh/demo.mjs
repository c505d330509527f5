// `npm run demo`: everything a fresh clone needs, then the main job. Started again after a stop, it goes on; `--fresh` begins anew.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const prepared = prepare();
const args = process.argv.slice(2).filter((arg) => arg !== '--fresh');
if (args.length < process.argv.length - 2) rmSync(join(root, 'runs/demo'), { recursive: true, force: true });
const start = performance.now();
run('node', ['packages/cli/dist/bin.js', 'run', 'packages/cli/experiments/demo.yaml', '--out', 'runs/demo', ...args]);
const seconds = (performance.now() - start) / 1000;
console.log(`\nInstall and build: ${prepared.toFixed(1)} s. Demo: ${seconds.toFixed(1)} s.`);
