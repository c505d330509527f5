// A stranger's plugin: docs/write-a-plugin.md followed to the letter in an empty folder outside of the workspace, against packed tarballs:
// its code is compiled under NodeNext and bundler resolution, passes the contract suite, is listed and runs in the command.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { blocksOf } from '../docs/blocks.mjs';
import { catalog, packAll, workspaceFile } from './pack.mjs';

const work = mkdtempSync(join(tmpdir(), 'advrob-newcomer-'));
const place = join(work, 'advrob-plugin-sign-noise');
mkdirSync(join(place, 'src'), { recursive: true });

function run(command, args, cwd = place) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  if (done.status === 0) return done.stdout;
  console.error(`${command} ${args.join(' ')} failed (${done.status}):\n${done.stdout}\n${done.stderr}`);
  rmSync(work, { recursive: true, force: true });
  process.exit(1);
}

const installed = (name) => join(place, 'node_modules/.bin', name);
const tarballs = packAll(work);
const versions = catalog();

const outside = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu', 'zod', 'typescript', '@types/node'];
writeFileSync(
  join(place, 'package.json'),
  JSON.stringify({
    name: 'advrob-plugin-sign-noise',
    version: '1.0.0',
    type: 'module',
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    dependencies: {
      '@advrob/core': tarballs['@advrob/core'],
      '@advrob/cli': tarballs['@advrob/cli'],
      ...Object.fromEntries(outside.map((name) => [name, versions[name]])),
    },
  }),
);
writeFileSync(join(place, 'pnpm-workspace.yaml'), workspaceFile(tarballs));
run('pnpm', ['install', '--prefer-offline', '--no-frozen-lockfile']);

const blocks = blocksOf('docs/write-a-plugin.md');
const [plugin, gradients, test] = ['file=sign-noise.ts', 'file=ni-fgsm.ts', 'file=contract.ts'].map((name) =>
  blocks.find(({ info }) => info === name),
);
writeFileSync(join(place, 'src/sign-noise.ts'), plugin.code);
writeFileSync(join(place, 'src/index.ts'), "export { default } from './sign-noise.js';\n");
writeFileSync(join(place, 'src/contract.ts'), test.code);
writeFileSync(join(place, 'src/ni-fgsm.ts'), gradients.code);
const itsTest = test.code.replaceAll('sign-noise', 'ni-fgsm').replaceAll('signNoise()', 'niFgsm(), { reach: 0.9 }');
writeFileSync(join(place, 'src/contract-ni-fgsm.ts'), itsTest.replaceAll('signNoise', 'niFgsm'));
const options = {
  target: 'ES2022',
  strict: true,
  skipLibCheck: true,
  declaration: true,
  types: ['node'],
  lib: ['ES2023', 'DOM'],
  rootDir: 'src',
  outDir: 'dist',
};
writeFileSync(
  join(place, 'tsconfig.json'),
  JSON.stringify({ compilerOptions: { ...options, module: 'NodeNext' }, include: ['src'] }),
);
writeFileSync(
  join(place, 'tsconfig.bundler.json'),
  JSON.stringify({
    compilerOptions: { ...options, module: 'ESNext', moduleResolution: 'bundler', noEmit: true },
    include: ['src'],
  }),
);
run(installed('tsc'), ['-p', 'tsconfig.json']);
run(installed('tsc'), ['-p', 'tsconfig.bundler.json']);
const checks = ['dist/contract.js', 'dist/contract-ni-fgsm.js']
  .flatMap((file) => run('node', [file]).split('\n'))
  .filter((line) => line.startsWith('linf: ')).length;
if (checks < 40) throw new Error(`two attacks passed ${checks} checks, expected 20 each`);

const listed = JSON.parse(run(installed('advrob'), ['list', 'attacks', '--plugin', './dist/index.js', '--json']));
if (!listed.some(({ name, plugin: from }) => name === 'sign-noise' && from === 'advrob-plugin-sign-noise'))
  throw new Error('the plugin is not listed');
run(installed('advrob'), [
  'train',
  '--architecture',
  'mlp',
  '--steps',
  '20',
  '--take',
  '1000',
  '--out',
  'model',
  '--json',
]);
const flags = [
  '--model',
  'model/weights.safetensors',
  '--take',
  '20',
  '--epsilon',
  '0.1',
  '--attack',
  'sign-noise',
  '--set',
  'tries=5',
];
const record = JSON.parse(
  run(installed('advrob'), ['evaluate', '--plugin', './dist/index.js', ...flags, '--out', 'out', '--json']),
);
if (record.models[0].attacks[0].options.tries !== 5) throw new Error('the option did not arrive');

rmSync(work, { recursive: true, force: true });
console.log(
  `newcomer: the attacks of the page compile, pass ${checks} contract checks; the plugin is listed and evaluates`,
);
