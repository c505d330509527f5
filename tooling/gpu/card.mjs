// What a card gives: `pnpm bench:gpu [--tiny] [--json]`, under five minutes. Every case runs in a process of its own with a time limit, so that a crash costs
// one case. First loss, input gradient and weight gradients against the CPU (1e-4 of the largest), then steps of PGD and of training and PGD-40 of 10,000
// images, on the card by ONNX Runtime's WebGPU provider, on this CPU, and by PyTorch with CUDA where it is installed (ADVROB_BENCH_PYTHON names another
// interpreter), in float32 and in TF32. `--tiny` is for a GPU in software, where times say nothing.
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { tiny: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const python = process.env.ADVROB_BENCH_PYTHON ?? '/usr/bin/python3';
const deadline = performance.now() + 280_000;
const seconds = values.tiny ? 0.5 : 3;
const cases = values.tiny
  ? ['smallcnn/pgd/2']
  : [
      ...['smallcnn/pgd/128', 'smallcnn/pgd/1024', 'resnet18/pgd/32', 'resnet18/pgd/512'],
      ...['smallcnn/training/128', 'resnet18/training/128', 'smallcnn/pgd40/1000', 'resnet18/pgd40/500'],
    ];
const note = (text) => process.stderr.write(`${text}\n`);

/** The last JSON line that a command prints; null where it fails or has no time left. */
function answer(command, args, limitSeconds) {
  const timeout = Math.floor(Math.min(limitSeconds * 1000, deadline - performance.now()));
  if (timeout < 3000) return (note(`no time is left for ${args.slice(1).join(' ')}`), null);
  const { stdout, stderr, status } = spawnSync(command, args, { timeout, encoding: 'utf8', maxBuffer: 1 << 28 });
  const line = stdout
    ?.trim()
    .split('\n')
    .findLast((each) => each.startsWith('{'));
  if (line) return JSON.parse(line);
  note(`${args.slice(1).join(' ')} failed (${status}): ${stderr?.trim().split('\n').at(-1)}`);
  return null;
}
const ours = (provider, name) =>
  answer(process.execPath, [path('card-case.mjs'), provider, name, String(seconds)], values.tiny ? 200 : 60);
const torch = (name, tf32) => answer(python, [path('torch_card.py'), name, String(seconds), tf32 ? 'tf32' : 'f32'], 60);

/** Largest difference over the largest value. */
function farthest(a, b) {
  const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / largest;
}

let card = 'no card';
const rows = [];
let isRight = true;
for (const net of values.tiny ? ['smallcnn'] : ['smallcnn', 'resnet18']) {
  const name = `${net}/check/${values.tiny ? 2 : 8}`;
  const [gpu, cpu] = [ours('webgpu', name), ours('cpu', name)];
  if (!gpu || !cpu) {
    isRight = false;
    continue;
  }
  const errors = {
    loss: Math.abs(gpu.loss - cpu.loss) / cpu.loss,
    gradient: farthest(cpu.gradient, gpu.gradient),
    weights: farthest(cpu.weights, gpu.weights),
  };
  isRight &&= Object.values(errors).every((error) => error <= 1e-4);
  note(
    `${net}: ${Object.entries(errors)
      .map(([what, error]) => `${what} ${error.toExponential(1)}`)
      .join(', ')} off`,
  );
}
const hasTorch =
  spawnSync(python, ['-c', 'import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)']).status === 0;
if (!hasTorch) note('no PyTorch with CUDA: its columns stay empty');
for (const name of cases) {
  const gpu = ours('webgpu', name);
  const cpu = ours('cpu', name);
  const [f32, tf32] = hasTorch ? [torch(name, false), torch(name, true)] : [null, null];
  card = gpu?.card ?? card;
  const row = {
    name,
    card,
    unit: gpu?.unit ?? cpu?.unit ?? '',
    gpu: gpu?.value,
    cpu: cpu?.value,
    torch: f32?.value,
    torchTf32: tf32?.value,
    version: f32?.version,
  };
  rows.push({ ...row, uploads: gpu?.uploads, reads: gpu?.reads });
  if (values.json) process.stdout.write(`${JSON.stringify(rows.at(-1))}\n`);
}
const shown = (value) => (value === undefined ? '' : value.toPrecision(3));
if (!values.json) {
  process.stdout.write(`${card}; CPU ${cpus()[0]?.model}, ${availableParallelism()} cores\n\n`);
  const against = (peer, gpu) => (peer === undefined || gpu === undefined ? '' : (peer / gpu).toPrecision(3));
  const lines = rows.map(({ name, unit, gpu, cpu, torch: f32, torchTf32, uploads, reads }) => [
    name,
    unit,
    shown(gpu),
    shown(cpu),
    against(cpu, gpu),
    shown(f32),
    against(f32, gpu),
    shown(torchTf32),
    shown(uploads),
    shown(reads),
  ]);
  const titles = [
    'case',
    'unit',
    'card',
    'CPU',
    'times as fast',
    'torch f32',
    'times torch',
    'torch TF32',
    'uploads a step',
    'reads a step',
  ];
  process.stdout.write(
    `${[titles, titles.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`,
  );
}
process.exitCode = isRight && rows.every(({ gpu }) => gpu !== undefined) ? 0 : 1;
