// Is RAT as robust as TRADES on an equal budget?
//   node studies/rat/robustness.mjs [--fashion folder] [--report studies/rat/README.md]
//   node studies/rat/robustness.mjs --cifar folder --epsilon 0.03137 --epochs 12 --few
//   --autoattack 100 ... (the same on CIFAR-10, with a small convolution network)
//
// This protocol was written before the first run of it. TRADES with beta 3 and PGD-7 against RAT
// with alpha 0.2 (the code's) and 0.05 on the same TRADES, each plain and with adversarial weight
// perturbation (gamma 0.005, after a quarter of the passes); no noise in the attack. All arms of a
// seed share initial weights and batches, and have equal numbers of adversarial gradients. SGD with
// momentum 0.9, batches of 100, rate 0.1 along a cosine, 14 passes. On CIFAR-10: the first 5,000
// training images, `compact-cnn`, epsilon grows over the first 5 passes, 12 passes; so TRADES ends
// at 0.47 clean and 0.21 under PGD-20 on 300 validation images with a seed of their own, the only
// setting that was tried.
// Measured on the first test images: clean accuracy, PGD-20 with cross-entropy and with the margin
// loss (the CW attack of the papers), and AutoAttack standard on the first --autoattack of them.
// Report-only: the differences to TRADES (to TRADES with AWP), paired by seed; a difference is
// called real when its 95% interval leaves out 0.
//   --seeds 3  --train 5000  --test 1000  --autoattack 200  --epochs 14  --epsilon 0.1
//   --hidden 128  --rate 0.1
// --held-out begins at seed 1000 and measures on validation images; --few leaves out alpha 0.05.
import * as tf from '@tensorflow/tfjs-core';
import { autoattack, pgd } from '../../packages/attacks/dist/index.js';
import { marginLoss } from '../../packages/core/dist/losses.js';
import { rat } from '../../packages/trainers-randomized/dist/index.js';
import { awp, fit, sgd, trades } from '../../packages/training/dist/index.js';
import { formatInterval, intervalOf, markdownTable, pairedInterval, writeResults } from '../shared/results.mjs';
import { measure, open, readArguments } from '../shared/setup.mjs';

const settings = readArguments({
  seeds: 3,
  train: 5000,
  test: 1000,
  autoattack: 200,
  epochs: 14,
  epsilon: 0.1,
  hidden: 128,
  rate: 0.1,
});
const { seeds, epochs, epsilon, rate, heldOut, few, json, report } = settings;
const threat = { norm: 'linf', epsilon };
const { train, test, makeModel, epsilonSchedule } = await open(settings);

const beta = 3;
const alphas = few ? [0.2] : [0.2, 0.05];
const objectives = {
  TRADES: trades({ beta }),
  ...Object.fromEntries(alphas.map((alpha) => [`RAT ${alpha}`, rat({ beta, alpha, attackNoise: 0 })])),
};
const weightAttack = awp({ gamma: 0.005, warmUp: Math.ceil(epochs / 4) });
const arms = Object.entries(objectives).flatMap(([name, objective]) => [
  { name, objective, base: 'TRADES', transforms: [] },
  { name: `${name} + AWP`, objective, base: 'TRADES + AWP', transforms: [weightAttack] },
]);

/** Share of the first examples that withstand AutoAttack standard. */
async function withstandAutoAttack(model) {
  let robust = 0;
  const examples = test.take(settings.autoattack);
  for await (const { x, y, ids } of examples.batches({ size: 100 })) {
    const { success, adversarial } = await autoattack().run(model, x, y, threat, { seed: 0, ids });
    robust += success.reduce((sum, fooled) => sum + (fooled ? 0 : 1), 0);
    tf.dispose([x, y, adversarial]);
  }
  return robust / examples.length;
}

const begun = performance.now();
const found = {};
for (let i = 0; i < seeds; i++) {
  const seed = heldOut ? 1000 + i : i;
  for (const { name, objective, transforms } of arms) {
    const model = makeModel(seed);
    const run = { batchSize: 100, epochs, seed, learningRate: rate, schedule: { name: 'cosine' }, logEvery: 1000 };
    const plan = { ...run, objective, transforms, epsilonSchedule, optimizer: sgd({ momentum: 0.9 }) };
    const { inputGradients } = await fit({ ...plan, model, data: train, threat, attack: pgd({ steps: 7 }) });
    const scores = await measure(model, test, threat, marginLoss);
    const row = { ...scores, autoattack: await withstandAutoAttack(model), inputGradients };
    model.dispose();
    (found[name] ??= []).push(row);
    process.stderr.write(`seed ${seed}, ${name}: ${JSON.stringify(row)}\n`);
  }
}
const minutes = (performance.now() - begun) / 60000;

const measures = ['clean', 'pgd20', 'margin20', 'autoattack'];
const heads = ['clean', 'PGD-20', 'margin-20', 'AutoAttack'];
const column = (name, of) => found[name].map((row) => row[of]);
const difference = ({ name, base }, of) => pairedInterval(column(name, of), column(base, of));
const compared = arms.filter(({ name, base }) => name !== base);
const real = compared.flatMap((arm) =>
  measures.flatMap((of, i) => {
    const { mean, low, high } = difference(arm, of);
    return low > 0 || high < 0 ? [`${heads[i]} of ${arm.name} (${(100 * mean).toFixed(1)} points)`] : [];
  }),
);
if (json) for (const { name } of arms) console.log(JSON.stringify({ arm: name, settings, runs: found[name] }));
const text = [
  `${train.name}, ${seeds} seeds, ${train.length} training and ${test.length} ${heldOut ? 'validation' : 'test'} examples (AutoAttack: ${Math.min(settings.autoattack, test.length)}), ${epochs} epochs, epsilon ${Number(epsilon.toPrecision(4))}, rate ${rate}; ${minutes.toFixed(0)} minutes. Means with 95% intervals over the seeds.`,
  markdownTable(
    ['arm', ...heads],
    arms.map(({ name }) => [name, ...measures.map((of) => formatInterval(intervalOf(column(name, of))))]),
  ),
  'Differences to the same without the Taylor terms, paired by seed:',
  markdownTable(
    ['arm', ...heads],
    compared.map((arm) => [arm.name, ...measures.map((of) => formatInterval(difference(arm, of)))]),
  ),
  `Differences whose interval leaves out 0: ${real.join('; ') || 'none'}.`,
].join('\n\n');
if (!json) console.log(text);
if (report) await writeResults(report, `robustness ${train.name}`, text);
