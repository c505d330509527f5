// Do `advrob evaluate` and PyTorch give the same numbers for models that others trained? After `pnpm build`, with Debian's python3-torch:
//
//   node tooling/oracle/models/parity.mjs --cifar <folder> [--graph <model.json> --images <t10k-images-idx3-ubyte.gz>]
//
// A narrow ResNet-18 is trained by PyTorch on the first training batch of CIFAR-10 (binary version) and saved as safetensors. --graph is a tfjs GraphModel that was
// converted from Keras and ends in softmax; its labels are PyTorch's own predictions, since its training data are not at hand. Both are measured on the same images by a
// plain PyTorch PGD and by the command. Ends with 1 unless clean accuracies are equal and those under PGD within one point.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const run = promisify(execFile);
const python = process.env.ADVROB_BENCH_PYTHON ?? '/usr/bin/python3';
const scripts = fileURLToPath(new URL('parity/', import.meta.url));
const bin = fileURLToPath(new URL('../../../packages/cli/dist/bin.js', import.meta.url));

const { values: options } = parseArgs({
  options: {
    cifar: { type: 'string' },
    graph: { type: 'string' },
    images: { type: 'string' },
    range: { type: 'string', default: '-1,1' },
    width: { type: 'string', default: '12' },
    train: { type: 'string', default: '10000' },
    epochs: { type: 'string', default: '4' },
    test: { type: 'string', default: '1000' },
    'graph-test': { type: 'string', default: '200' },
    steps: { type: 'string', default: '40' },
    out: { type: 'string' },
  },
});
if (!options.cifar && !options.graph)
  throw new Error('name --cifar <folder>, or --graph <model.json> with --images <file>');
if (options.graph && !options.images) throw new Error('--graph needs --images, an IDX file');
const steps = Number(options.steps);

async function pytorch(script, settings) {
  const { stdout } = await run(python, [join(scripts, script), JSON.stringify(settings)], {
    env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
  });
  return JSON.parse(stdout);
}

/** Clean and robust counts of the command. */
async function advrob(out, attack, flags) {
  const pgd = ['--attack', 'pgd', '--set', `pgd.steps=${steps}`, '--set', `pgd.stepSize=${attack.stepSize}`];
  const args = ['evaluate', ...flags, ...pgd, '--epsilon', String(attack.epsilon), '--out', out];
  console.log(`advrob ${args.join(' ')}`);
  await run(process.execPath, [bin, ...args]);
  const { models } = JSON.parse(await readFile(join(out, 'record.json'), 'utf8'));
  return { clean: models[0].clean.count, robust: models[0].robust.count, of: models[0].clean.total };
}

async function resnet18(out) {
  const attack = { epsilon: 8 / 255, stepSize: 2 / 255 };
  const width = Number(options.width);
  const settings = { train: Number(options.train), epochs: Number(options.epochs), test: Number(options.test) };
  const expected = await pytorch('resnet18.py', { data: options.cifar, out, width, steps, ...settings, ...attack });
  const data = [
    '--dataset',
    'cifar10',
    '--set',
    `cifar10.directory=${options.cifar}`,
    '--set',
    'cifar10.trainFiles=[1]',
  ];
  const model = [
    '--model',
    join(out, 'resnet18.safetensors'),
    '--architecture',
    'resnet18',
    '--set',
    `resnet18.width=${width}`,
  ];
  const input = ['--mean', expected.mean.join(), '--std', expected.std.join()];
  return {
    expected,
    found: await advrob(join(out, 'resnet18'), attack, [...model, ...input, ...data, '--take', options.test]),
  };
}

async function graphModel(out) {
  const attack = { epsilon: 0.002, stepSize: 0.0002 };
  const [low, high] = options.range.split(',').map(Number);
  const graph = { graph: dirname(options.graph), json: basename(options.graph), images: options.images, low, high };
  const expected = await pytorch('graph.py', { ...graph, out, test: Number(options['graph-test']), steps, ...attack });
  const npz = { train: join(out, 'graph.npz'), numClasses: expected.classes, validation: 0 };
  const data = Object.entries(npz).flatMap(([key, value]) => ['--set', `npz.${key}=${value}`]);
  const model = ['--model', options.graph, `--input-range=${options.range}`];
  return { expected, found: await advrob(join(out, 'graph'), attack, [...model, '--dataset', 'npz', ...data]) };
}

const out = options.out ?? (await mkdtemp(join(tmpdir(), 'advrob-parity-')));
const results = {};
try {
  if (options.cifar) results['ResNet-18 (PyTorch, safetensors)'] = await resnet18(out);
  if (options.graph) results['GraphModel (Keras, converted)'] = await graphModel(out);
} finally {
  if (!options.out) await rm(out, { recursive: true });
}
console.log(
  `| model | examples | clean: PyTorch | advrob | PGD-${steps}: PyTorch (another seed) | advrob |\n| --- | --- | --- | --- | --- | --- |`,
);
for (const [name, { expected, found }] of Object.entries(results)) {
  const percent = (count) => `${((100 * count) / found.of).toFixed(1)}%`;
  console.log(
    `| ${name} | ${found.of} | ${percent(expected.clean)} | ${percent(found.clean)} | ${percent(expected.robust)} (${percent(expected.otherSeed)}) | ${percent(found.robust)} |`,
  );
  const isEqual = expected.of === found.of && expected.clean === found.clean;
  if (!isEqual || Math.abs(expected.robust - found.robust) > found.of / 100) {
    console.log(`  ${name} disagrees`);
    process.exitCode = 1;
  }
}
