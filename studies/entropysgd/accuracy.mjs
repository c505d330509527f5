// EntropySGD against SGD, SWA and AWP at an equal number of adversarial gradients:
//   node studies/entropysgd/accuracy.mjs [--json] [--report studies/entropysgd/README.md]
//
// Protocol. MNIST, an MLP with one hidden layer, PGD-7 adversarial training, Linf. Every arm sees
// the same number of attacked batches (equal epochs), from the same initial weights and batches for
// a seed. SGD: momentum 0.9, rate 0.1. EntropySGD: the defaults of the reference code with
// --inner steps, outer rate 1. Both rates fall along a cosine; nothing is tuned. Measured on the
// first test images: clean accuracy, PGD-20 with cross-entropy and with the margin loss. Reported:
// mean and 95% interval (Student's t over the seeds), and the paired difference to SGD.
// The accuracy is report-only: at small budgets EntropySGD makes few updates, so no sign is
// expected.
//   --seeds 3  --train 5000  --test 1000  --epochs 20  --epsilon 0.1  --hidden 128  --inner 5
import { marginLoss } from '../../packages/core/dist/losses.js';
import { pgd } from '../../packages/attacks/dist/index.js';
import { entropysgdTrainer } from '../../packages/trainers-entropysgd/dist/index.js';
import { awp, fit, pgdAt, sgd, swa } from '../../packages/training/dist/index.js';
import { formatInterval, intervalOf, markdownTable, pairedInterval, writeResults } from '../shared/results.mjs';
import { measure, open, readArguments } from '../shared/setup.mjs';

const settings = readArguments({
  seeds: 3,
  train: 5000,
  test: 1000,
  epochs: 20,
  epsilon: 0.1,
  hidden: 128,
  inner: 5,
});
const { json, seeds, epochs, epsilon, inner, report } = settings;
const threat = { norm: 'linf', epsilon };
const { train, test, makeModel } = await open(settings);

const base = { objective: pgdAt(), optimizer: sgd({ momentum: 0.9 }), learningRate: 0.1 };
const swaStart = Math.floor(epochs / 2);
const entropy = (options) => ({
  ...entropysgdTrainer({ innerSteps: inner, average: 'none', ...options }),
  learningRate: 1,
});
const arms = {
  sgd: base,
  entropysgd: entropy({}),
  swa: { ...base, averager: swa({ start: swaStart }) },
  awp: { ...base, transforms: [awp({ gamma: 0.01 })] },
  'awp + entropysgd': entropy({ awpGamma: 0.01 }),
};

const found = {};
for (let seed = 0; seed < seeds; seed++)
  for (const [name, plan] of Object.entries(arms)) {
    const model = makeModel(seed);
    let attacks = 0;
    const attack = pgd({ steps: 7 });
    const counted = { ...attack, maximize: (...given) => ((attacks += 1), attack.maximize(...given)) };
    const run = { batchSize: 100, epochs, seed, schedule: { name: 'cosine' }, logEvery: 1000 };
    const { steps } = await fit({ ...plan, ...run, model, data: train, threat, attack: counted });
    const scores = await measure(model, test, threat, marginLoss);
    model.dispose();
    (found[name] ??= []).push({ seed, attacks, steps, ...scores });
    process.stderr.write(`seed ${seed}, ${name}: ${JSON.stringify({ attacks, steps, ...scores })}\n`);
  }

const measures = ['clean', 'pgd20', 'margin20'];
const column = (arm, name) => found[arm].map((row) => row[name]);
const over = (arm, name) => pairedInterval(column(arm, name), column('sgd', name));
if (json)
  for (const arm of Object.keys(arms)) {
    const row = measures.map((name) => [name, { ...intervalOf(column(arm, name)), overSgd: over(arm, name) }]);
    console.log(JSON.stringify({ arm, settings, runs: found[arm], ...Object.fromEntries(row) }));
  }
const text = [
  `${train.name}, ${seeds} seeds, ${train.length} training and ${test.length} test examples, ${epochs} epochs, epsilon ${epsilon}, ${inner} inner steps; every arm attacked ${found.sgd[0].attacks} batches. Means with 95% intervals over the seeds.`,
  markdownTable(
    ['arm', 'clean', 'PGD-20', 'margin-20', 'PGD-20 less that of sgd'],
    Object.keys(arms).map((arm) => [
      arm,
      ...measures.map((name) => formatInterval(intervalOf(column(arm, name)))),
      arm === 'sgd' ? '' : formatInterval(over(arm, 'pgd20')),
    ]),
  ),
].join('\n\n');
if (!json) console.log(text);
if (report) await writeResults(report, `accuracy, ${train.name}`, text);
