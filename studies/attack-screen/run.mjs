// How far is AutoAttack's version `screen` from `standard`, and what does it save?
//   node studies/attack-screen/run.mjs --part choose    # the budget, on validation images
//   node studies/attack-screen/run.mjs --part standard  # what there is to find, on test images of other networks
//   node studies/attack-screen/run.mjs --part screen    # what is found with that budget
//   node studies/attack-screen/run.mjs --part table --report studies/attack-screen/README.md
//
// Protocol. Small networks on MNIST: dense (64 units) and convolutional (4 and 8 filters, 32 units), standard, PGD-AT, TRADES and FGSM-AT, in Linf and in
// L2, 600 steps of batch 64 with Adam, epsilon growing over the first 40% of the steps; and the LeNet-5 of `pnpm bench attacks`, in Linf and in L2,
// where its gradient is masked. A budget is a number of iterations and of target classes; an example that withstands may cost a tenth of `standard` in
// Linf, 972 of 9,721 passes. All budgets are tried on the first validation images of the networks of `choose`; that which leaves least of them together is
// taken, of equal ones the cheaper. It is the default of `screen`. Then `standard` and `screen` on the first test images of the networks of `measure`, none
// of which had a part in the choice. Seed 0 everywhere but for the networks of `choose`, whose weights and batches have seed 1. Passes are counted, forward
// and backward, with the clean pass and the check at the end. No network, epsilon or image is left out of the tables.
// The table names networks that were not measured.
//   --folder <folder> (keeps networks and results; what is there is not computed again)  --only <expression> (networks)  --images 100
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '../../packages/core/dist/gradients.js';
import { autoattack, pgd } from '../../packages/attacks/dist/index.js';
import { registerOnnxRuntime } from '../../packages/backend-onnxruntime/dist/index.js';
import { mnist } from '../../packages/datasets/dist/index.js';
import { compactCnn, mlp } from '../../packages/models/dist/index.js';
import { loadModelFile, saveModelFile } from '../../packages/models/dist/node.js';
import { adam, erm, fgsmAt, fit, pgdAt, trades } from '../../packages/training/dist/index.js';
import { counting } from '../../tooling/bench/peers/autoattack-schedule.mjs';
import { markdownTable, writeResults } from '../shared/results.mjs';

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'table' },
    folder: { type: 'string', default: fileURLToPath(new URL('.cache', import.meta.url)) },
    only: { type: 'string', default: '' },
    images: { type: 'string', default: '100' },
    report: { type: 'string' },
  },
});

const shapes = { dense: mlp({ hidden: [64] }), conv: compactCnn({ channels: [4, 8], hidden: 32 }) };
const ways = { standard: erm, 'PGD-AT': pgdAt, TRADES: trades, 'FGSM-AT': fgsmAt };
const lenet5 = fileURLToPath(new URL('../../tooling/bench/nets/lenet5-pgd.safetensors', import.meta.url));
const trained = (part, id, shape, way, norm, epsilon, trainedAt = epsilon) => ({
  part,
  id,
  seed: part === 'choose' ? 1 : 0,
  shape,
  way,
  trainedAt,
  threat: { norm, epsilon },
});
const networks = [
  trained('choose', 'choose-dense', 'dense', 'PGD-AT', 'linf', 0.1),
  trained('choose', 'choose-conv', 'conv', 'PGD-AT', 'linf', 0.2),
  trained('choose', 'choose-conv-trades', 'conv', 'TRADES', 'linf', 0.15),
  trained('measure', 'dense-standard', 'dense', 'standard', 'linf', 0.02),
  trained('measure', 'dense-trades', 'dense', 'TRADES', 'linf', 0.1),
  trained('measure', 'dense-pgd-l2', 'dense', 'PGD-AT', 'l2', 1),
  trained('measure', 'conv-standard', 'conv', 'standard', 'l2', 0.5),
  trained('measure', 'conv-pgd', 'conv', 'PGD-AT', 'linf', 0.15),
  trained('measure', 'conv-trades', 'conv', 'TRADES', 'linf', 0.2),
  trained('measure', 'conv-trades-l2', 'conv', 'TRADES', 'l2', 1.5),
  trained('measure', 'conv-fgsm', 'conv', 'FGSM-AT', 'linf', 0.2),
  {
    part: 'measure',
    id: 'lenet5',
    shape: 'LeNet-5',
    way: 'PGD-AT',
    trainedAt: 0.3,
    threat: { norm: 'linf', epsilon: 0.3 },
  },
  {
    part: 'measure',
    id: 'lenet5-l2',
    shape: 'LeNet-5',
    way: 'PGD-AT',
    trainedAt: 'Linf 0.3',
    threat: { norm: 'l2', epsilon: 2 },
  },
];

/** Iterations that let CE and each target pay `2 (steps + 1)` passes within 972, and two budgets at about half. */
const budgets = [
  ...[1, 2, 3, 4, 5, 9].map((targets) => ({ targets, steps: Math.floor(972 / (2 * (targets + 1))) - 1 })),
  { targets: 2, steps: 80 },
  { targets: 3, steps: 60 },
  { targets: 4, steps: 48 },
];
const nominal = ({ targets, steps }) => 2 * (targets + 1) * (steps + 1);
const limit = 0.01;
const left = (success) => success.filter((hit) => !hit).length / success.length;

mkdirSync(values.folder, { recursive: true });
const images = Number(values.images);
const resultOf = ({ id }, part) => join(values.folder, `${id}.${part}.json`);

if (values.part === 'table') await table();
else {
  tf.enableProdMode();
  registerOnnxRuntime({ deterministic: true, threads: 1 });
  await tf.setBackend('onnxruntime');
  const data = await mnist();
  const wanted = networks.filter(
    ({ id, part }) => (part === 'choose') === (values.part === 'choose') && new RegExp(values.only).test(id),
  );
  for (const network of wanted) {
    const file = resultOf(network, values.part);
    if (existsSync(file)) continue;
    const model = await opened(network, data.train);
    const result =
      values.part === 'choose'
        ? await choose(network, model, data.validation)
        : await attacked(autoattack({ version: values.part }), model, network.threat, data.test);
    writeFileSync(file, JSON.stringify(result));
    console.log(`${network.id}: ${values.part}`);
    model.dispose();
  }
}

async function opened({ id, seed, shape, way, threat, trainedAt }, train) {
  if (shape === 'LeNet-5') return loadModelFile(lenet5);
  const file = join(values.folder, `${id}.safetensors`);
  if (existsSync(file)) return loadModelFile(file);
  const model = shapes[shape](seed);
  const attack = pgd({ steps: 5, stepSize: trainedAt / 3 });
  await fit({
    model,
    data: train,
    objective: ways[way](),
    ...(way !== 'standard' && {
      threat: { ...threat, epsilon: trainedAt },
      epsilonSchedule: { name: 'warm-up', length: 0.4, unit: 'run' },
      ...(way !== 'FGSM-AT' && { attack }),
    }),
    optimizer: adam(),
    learningRate: 0.002,
    schedule: { name: 'cosine' },
    steps: 600,
    batchSize: 64,
    seed,
  });
  await saveModelFile(model, file);
  return model;
}

/** An attack on the first images of a split: which fell, and the passes of both kinds per image. */
async function attacked(attack, model, threat, split) {
  const counted = counting(model);
  const begun = performance.now();
  for await (const { x, y, ids } of split.take(images).batches({ size: images })) {
    const { success, fooledBy, adversarial } = await attack.run(counted.model, x, y, threat, { seed: 0, ids });
    tf.dispose([x, y, adversarial]);
    const { forward, backward } = counted.passes;
    const clean = 1 - fooledBy.filter((name) => name === 'clean').length / success.length;
    const seconds = (performance.now() - begun) / 1000;
    return { clean, success: [...success], fooledBy, passes: (forward + backward) / success.length, seconds };
  }
}

async function choose({ threat }, model, validation) {
  const tried = [];
  for (const budget of budgets) {
    const attack = autoattack({ version: 'custom', attacks: ['apgd-ce', 'apgd-t'], restarts: 1, ...budget });
    tried.push({ ...budget, ...(await attacked(attack, model, threat, validation)) });
  }
  return { tried };
}

/** Both versions on one network: what each leaves, and the images that only `standard` fools, by its members. */
function compared(network) {
  const [screen, standard] = ['screen', 'standard'].map((part) =>
    JSON.parse(readFileSync(resultOf(network, part), 'utf8')),
  );
  const missedBut = {};
  standard.fooledBy.forEach((name, i) => {
    if (name !== null && !screen.success[i]) missedBut[name] = (missedBut[name] ?? 0) + 1;
  });
  return {
    ...network,
    images: standard.success.length,
    clean: standard.clean,
    robust: { screen: left(screen.success), standard: left(standard.success) },
    onlyScreen: screen.success.filter((hit, i) => hit && !standard.success[i]).length,
    missedBut,
    passes: screen.passes / standard.passes,
  };
}

async function table() {
  const percent = (share) => `${(100 * share).toFixed(1)}%`;
  const normText = { linf: 'Linf', l2: 'L2' };
  const title = ({ shape, way, trainedAt, threat }) =>
    `${shape}, ${way}${way === 'standard' || trainedAt === threat.epsilon ? '' : ` at ${trainedAt}`}; ${normText[threat.norm]} ${threat.epsilon}`;

  const chosen = networks
    .filter(({ part }) => part === 'choose')
    .map((network) => ({ ...network, ...JSON.parse(readFileSync(resultOf(network, 'choose'), 'utf8')) }));
  const ranked = budgets
    .map((budget, i) => ({
      budget,
      robust: chosen.map(({ tried }) => left(tried[i].success)),
      mean: chosen.reduce((sum, { tried }) => sum + left(tried[i].success), 0) / chosen.length,
    }))
    .sort((a, b) => a.mean - b.mean || nominal(a.budget) - nominal(b.budget));
  const choice = markdownTable(
    ['targets', 'iterations', 'passes of one that withstands', ...chosen.map(title), 'together'],
    ranked.map(({ budget, robust, mean }) => [
      budget.targets,
      budget.steps,
      nominal(budget),
      ...robust.map(percent),
      `${(100 * mean).toFixed(2)}%`,
    ]),
  );

  const measurable = networks.filter(({ part }) => part === 'measure');
  const missing = measurable.filter((network) =>
    ['standard', 'screen'].some((part) => !existsSync(resultOf(network, part))),
  );
  const measured = measurable.filter((network) => !missing.includes(network)).map(compared);
  const gap = ({ robust }) => robust.screen - robust.standard;
  const isNear = (one) => gap(one) <= limit + 1e-9;
  const rows = measured.map((one) => [
    title(one),
    one.images,
    percent(one.clean),
    percent(one.robust.standard),
    `${percent(one.robust.screen)}${isNear(one) ? '' : ' **too high**'}`,
    (100 * gap(one)).toFixed(1),
    Object.entries(one.missedBut)
      .map(([name, count]) => `${count} ${name}`)
      .join(', '),
    one.onlyScreen,
    one.passes.toFixed(3),
  ]);
  const total = measured.reduce((sum, one) => sum + one.images, 0);
  const missed = measured.reduce((sum, { missedBut }) => sum + Object.values(missedBut).reduce((a, b) => a + b, 0), 0);
  const worst = measured.reduce((most, one) => (gap(one) > gap(most) ? one : most), measured[0]);
  const near = measured.filter(isNear).length;
  const text = [
    markdownTable(
      [
        'network and threat',
        'images',
        'clean',
        'standard',
        'screen',
        'points too high',
        'missed, found by',
        'found by screen alone',
        'passes',
      ],
      rows,
    ),
    `Within one point of \`standard\` on ${near} of ${measured.length} networks; furthest off on ${title(worst)}, by ${(100 * gap(worst)).toFixed(1)} points. Of ${total} images together \`screen\` misses ${missed} that \`standard\` fools.`,
    ...(missing.length > 0 ? [`Not measured in this run, for want of time: ${missing.map(title).join('; ')}.`] : []),
  ].join('\n\n');
  console.log(`${choice}\n\n${text}`);
  if (!values.report) return;
  await writeResults(values.report, 'budget', choice);
  await writeResults(values.report, 'networks', text);
}
