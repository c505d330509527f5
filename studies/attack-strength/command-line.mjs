// Large networks of other people, from pictures, by the command line alone: does every attack run, and what does it cost?
//   node studies/attack-strength/command-line.mjs [--only mobilenet|inception] [--attacks <expression>] [--report studies/attack-strength/README.md]
//     --folder <folder> (where packages are unpacked and kept, and rows: a study that was stopped goes on)  --python <python with torchvision>
//
// Protocol. MobileNetV2 and InceptionV3 of nsfwjs, six photographs of face-api (InceptionV3: the first two), resized and
// cropped as such networks were trained, all labelled Neutral. One process for each attack, epsilon 2/255 in Linf (2 in
// L2, 40 in L1, 500 values in L0), seed 0, two threads; attacks of more than some hundred passes get fewer, as `budget`
// below says. CPU time and the largest resident memory are the process' own, the reading of the model, its checks, the
// record and the page in them. PyTorch's row is PGD of 40 steps on a network of the same layers with weights drawn at
// random, in a process of its own too, of as many pictures as there are to attack: those that are classified rightly.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable, writeResults } from '../shared/results.mjs';
import { nsfwjsModel, photographs } from './packages.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    attacks: { type: 'string', default: '' },
    folder: { type: 'string' },
    python: { type: 'string' },
    report: { type: 'string' },
  },
});
const command = fileURLToPath(new URL('../../packages/cli/dist/bin.js', import.meta.url));
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'advrob-command-'));
const radii = { linf: '2/255', l2: '2', l1: '40', l0: '500' };

/** Fewer passes than the defaults for attacks that make thousands: options, and the norm where it is not Linf. */
const budget = {
  fgsm: {},
  bim: {},
  mim: {},
  langevin: {},
  'plain-langevin': { set: ['steps=10'] },
  pgd: {},
  'apgd-ce': { set: ['steps=20'] },
  'apgd-dlr': { set: ['steps=20'] },
  'apgd-t': { set: ['steps=10'] },
  'fab-t': { set: ['steps=5'] },
  fab: { set: ['steps=5'] },
  square: { set: ['queries=100'] },
  autoattack: { set: ['steps=5', 'queries=20'] },
  deepfool: { norm: 'l2' },
  ddn: { norm: 'l2', set: ['steps=20'] },
  fmn: { norm: 'l2', set: ['steps=20'] },
  cw: { norm: 'l2', set: ['searches=2', 'steps=20'] },
  ead: { norm: 'l1', set: ['searches=2', 'steps=20'] },
  jsma: { norm: 'l0', set: ['share=0.0001'] },
  'sigma-zero': { norm: 'l0', set: ['steps=20'] },
  boundary: { norm: 'l2', set: ['steps=50'] },
  hopskipjump: { norm: 'l2', set: ['steps=2', 'directions=20', 'mostDirections=40'] },
  nes: { set: ['steps=2', 'pairs=10'] },
  spsa: { set: ['steps=2', 'pairs=10'] },
  simba: { norm: 'l2', set: ['queries=100'] },
};

const networks = [
  { id: 'mobilenet', title: 'MobileNetV2', model: 'mobilenet_v2', pictures: 6, resize: 256, crop: 224 },
  { id: 'inception', title: 'InceptionV3', model: 'inception_v3', pictures: 2, resize: 342, crop: 299 },
];

for (const network of networks.filter(({ id }) => new RegExp(values.only).test(id))) {
  const data = join(folder, `pictures-${network.id}`);
  rmSync(data, { recursive: true, force: true });
  mkdirSync(join(data, 'Neutral'), { recursive: true });
  const source = photographs(folder);
  for (let i = 1; i <= network.pictures; i++)
    copyFileSync(join(source, `sample${i}.jpg`), join(data, 'Neutral', `sample${i}.jpg`));
  const classes = join(folder, 'classes.txt');
  writeFileSync(classes, 'Drawing\nHentai\nNeutral\nPorn\nSexy\n');
  const model = nsfwjsModel(folder, network.model);
  const file = join(folder, `rows-${network.id}.json`);
  const rows = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  const add = (...row) => {
    rows.push(row);
    writeFileSync(file, JSON.stringify(rows));
    process.stderr.write(`${row.join(' | ')}\n`);
  };
  const known = (name) => rows.some(([first]) => first === name);
  for (const [attack, { norm = 'linf', set = [] }] of Object.entries(budget)) {
    if (known(attack) || !new RegExp(values.attacks).test(attack)) continue;
    const out = join(folder, `out-${network.id}`);
    rmSync(out, { recursive: true, force: true });
    const { status, cpu, memory, stderr } = measured(process.execPath, [
      command,
      ...['evaluate', '--model', model, '--dataset', 'image-folder', '--out', out, '--norm', norm],
      ...['--attack', attack, '--epsilon', radii[norm], '--threads', '2'],
      ...[`directory=${data}`, `classes=${classes}`, `resize=${network.resize}`, `crop=${network.crop}`, 'channels=3']
        .map((option) => ['--set', `image-folder.${option}`])
        .flat(),
      ...set.flatMap((option) => ['--set', `${attack}.${option}`]),
    ]);
    const begin = [attack, norm, set.join(', ')];
    if (status !== 0) {
      add(...begin, 'failed', stderr.trim().split('\n').at(-1), '');
      continue;
    }
    const { clean, robust } = JSON.parse(readFileSync(join(out, 'record.json'), 'utf8')).models[0];
    add(...begin, `${robust.count} of ${clean.count}`, cpu.toFixed(1), String(Math.round(memory)));
  }
  const attacked = Number(rows[0][3].split(' ').at(-1));
  if (values.python !== undefined && !rows.some(([name]) => name.startsWith('PyTorch')))
    add(...pytorch(network, attacked));
  const table = markdownTable(['attack', 'norm', 'fewer than by default', 'left', 'CPU s', 'MB'], rows);
  const text = `### ${network.title} by the command line\n\n\`nsfwjs\` 4.3.0, LayersModel; ${network.crop} x ${network.crop} x 3, 5 classes; ${network.pictures} photographs.\n\n${table}`;
  if (values.report) await writeResults(values.report, `command-${network.id}`, text);
  else process.stdout.write(`${text}\n`);
}
if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });

/** A run of Node with its CPU seconds and its largest resident memory in MB. */
function measured(program, args) {
  const report =
    "process.on('exit', () => { const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage(); " +
    "process.stderr.write('\\nusage ' + JSON.stringify([(userCPUTime + systemCPUTime) / 1e6, maxRSS / 1024]) + '\\n'); })";
  const { status, stderr } = spawnSync(
    program,
    ['--import', `data:text/javascript,${encodeURIComponent(report)}`, ...args],
    {
      encoding: 'utf8',
      maxBuffer: 1e9,
    },
  );
  const [cpu, memory] = JSON.parse(/usage (\[.*\])/.exec(stderr)?.[1] ?? '[0, 0]');
  return { status, cpu, memory, stderr: stderr.replace(/\nusage .*/, '') };
}

function pytorch({ model, crop }, pictures) {
  const script = fileURLToPath(new URL('torch_pgd.py', import.meta.url));
  const [version, cpu, memory] = JSON.parse(
    execFileSync(values.python, [script, model, String(pictures), String(crop)], { encoding: 'utf8' }),
  );
  return [`PyTorch ${version}: pgd`, 'linf', 'random weights', '', cpu.toFixed(1), String(Math.round(memory))];
}
