// A dry run of a release: every package is packed, the tarballs are installed with plain npm in an empty folder outside of the workspace, each package only
// after those that it needs, and the installed command runs the demo from the config that its package brings.
// `--quick` trains a few steps and attacks a few images; other flags go to `advrob run`. The full demo's folder is runs/packed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../fresh/prepare.mjs';
import { publishingOrder } from './order.mjs';
import { packAll } from './pack.mjs';

const quick = process.argv.includes('--quick');
const passedOn = process.argv.slice(2).filter((arg) => arg !== '--quick');
const few = [
  'training.steps=3',
  'models.standard.train.steps=3',
  'models.entropysgd.train.steps=3',
  'evaluation.take=20',
  'evaluation.checks={ examples: 4, restarts: 1, queries: 10 }',
  'evaluation.require={}',
  'analyses.logit-comparison.take=20',
  'analyses.loss-surface.options.points=3',
].flatMap((setting) => ['--set', setting]);

const work = mkdtempSync(join(tmpdir(), 'advrob-released-'));
try {
  const seconds = stopwatch();
  install(packAll(work));
  console.log(`packed and installed in ${seconds()} s`);
  const out = quick ? join(work, 'run') : join(root, 'runs/packed');
  rmSync(out, { recursive: true, force: true });
  runDemo(out, quick ? few : []);
  console.log(`released demo: it ran from tarballs in ${seconds()} s${quick ? '' : `; the report is in ${out}`}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** One `npm install` for each layer of the publishing order; then everything of ours must have come from a tarball, in one copy. */
function install(tarballs) {
  const manifests = readdirSync(join(root, 'packages')).map((folder) =>
    JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')),
  );
  writeFileSync(join(work, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  for (const layer of publishingOrder(manifests)) {
    console.log(`npm install ${layer.join(' ')}`);
    const files = layer.map((name) => tarballs[name]);
    run('npm', [
      'install',
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      ...files,
    ]);
  }
  const { packages } = JSON.parse(readFileSync(join(work, 'package-lock.json'), 'utf8'));
  for (const name of Object.keys(tarballs)) {
    const copies = Object.keys(packages).filter((path) => path.endsWith(`node_modules/${name}`));
    if (copies.length !== 1 || !packages[copies[0]].resolved.startsWith('file:'))
      throw new Error(`${name}: expected one copy, from its tarball, found ${copies.join(', ') || 'none'}`);
  }
}

function runDemo(out, settings) {
  const config = 'node_modules/@advrob/cli/experiments/demo.yaml';
  run(join(work, 'node_modules/.bin/advrob'), ['run', config, '--out', out, ...settings, ...passedOn]);
  const { models } = JSON.parse(readFileSync(join(out, 'record.json'), 'utf8'));
  if (models.length !== 6) throw new Error(`the record has ${models.length} models, expected 6`);
  if (!existsSync(join(out, 'report.html'))) throw new Error('there is no report.html');
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: work, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 2).join(' ')} ended with ${status}`);
}

function stopwatch() {
  const begun = performance.now();
  return () => ((performance.now() - begun) / 1000).toFixed(0);
}
