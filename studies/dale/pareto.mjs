// Clean against robust accuracy of DALE over rho, beside PGD-AT, TRADES and MART, and the course of
// DALE's dual variable.
//   node studies/dale/pareto.mjs --fashion folder [--report studies/dale/README.md]
//   [--figures studies/dale/figures]
//   node studies/dale/pareto.mjs --cifar folder --epsilon 0.03137 --epochs 12 --dual 0.01 ... (the
//   same on CIFAR-10, with a small convolution network)
//
// This protocol was written before the first run of it. It is a picture, so there is no verdict.
// Protocol. All arms share initial weights and batches for a seed: plain SGD at a constant rate,
// batches of 50, equal numbers of passes. The inner maximisation has 3 steps of epsilon / 2 from a
// uniform start: PGD on cross-entropy (PGD-AT, MART with lambda 5), on the divergence (TRADES with
// beta 1, 3 and 6), DALE's Laplace sampler (noise 0.001 in units of one example's gradient; nu from
// 1). Rate 0.05. On Fashion-MNIST: an MLP 784-128-10, 14 passes, dual step 0.02, rho 0.4, 0.5, 0.6,
// 0.7 and 0.9. On CIFAR-10: the first 5,000 training images, `compact-cnn`, Linf 8/255, epsilon
// grows over the first 5 passes, 12 passes, dual step 0.01, rho 1.6, 1.75 and 1.9, chosen on 300
// validation images with a seed of their own: PGD-AT ends there at 0.43 clean and 0.24 under
// PGD-20; with dual step 0.02 and rho 0.8 or 1.3, with which the loss begins far above rho,
// training diverged; rho 1.0, 1.3 and 1.6 with dual step 0.005 give 0.05, 0.07 and 0.15 under
// PGD-20.
// Measured on the first test images: clean accuracy, PGD-20 from a uniform start with cross-entropy
// and with the margin loss.
//   --seeds 3  --train 5000  --test 1000  --epochs 14  --epsilon 0.1  --hidden 128  --batch 50
//   --rate 0.05  --dual 0.02
// --held-out begins at seed 1000 and measures on validation images; --few leaves out TRADES and
//   MART.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { langevin, pgd } from '../../packages/attacks/dist/index.js';
import { figure, quantity } from '../../packages/core/dist/figure.js';
import { marginLoss } from '../../packages/core/dist/losses.js';
import { renderFigure } from '../../packages/report/dist/index.js';
import { dalePd } from '../../packages/trainers-dual-langevin/dist/index.js';
import { fit, mart, pgdAt, sgd, trades } from '../../packages/training/dist/index.js';
import { formatInterval, intervalOf, markdownTable, writeResults } from '../shared/results.mjs';
import { measure, open, readArguments } from '../shared/setup.mjs';

const settings = readArguments({
  seeds: 3,
  train: 5000,
  test: 1000,
  epochs: 14,
  epsilon: 0.1,
  hidden: 128,
  batch: 50,
  rate: 0.05,
  dual: 0.02,
});
const { seeds, epochs, epsilon, batch, rate, dual, cifar, heldOut, few, json, report, figures } = settings;
const threat = { norm: 'linf', epsilon };
const { train, test, makeModel, epsilonSchedule } = await open(settings);

const inner = { steps: 3, stepSize: epsilon / 2, start: 'uniform' };
const rhos = cifar ? [1.6, 1.75, 1.9] : [0.4, 0.5, 0.6, 0.7, 0.9];
const arms = [
  { method: 'PGD-AT', setting: '', makeObjective: () => pgdAt() },
  ...(few
    ? []
    : [
        ...[1, 3, 6].map((beta) => ({
          method: 'TRADES',
          setting: `beta ${beta}`,
          makeObjective: () => trades({ beta }),
        })),
        { method: 'MART', setting: 'lambda 5', makeObjective: () => mart({ lambda: 5 }) },
      ]),
  ...rhos.map((rho) => ({
    method: 'DALE',
    setting: `rho ${rho}`,
    rho,
    attack: langevin({ sampler: 'laplace', noise: 0.001, ...inner }),
    makeObjective: () => dalePd({ rho, dualStep: dual }),
  })),
].map((arm) => ({ ...arm, name: `${arm.method} ${arm.setting}`.trim() }));

const begun = performance.now();
const found = {};
/** Course of DALE with the middle rho, first seed. */
let course = [];
const shown = rhos[Math.floor(rhos.length / 2)];
for (let i = 0; i < seeds; i++) {
  const seed = heldOut ? 1000 + i : i;
  for (const { name, rho, attack = pgd(inner), makeObjective } of arms) {
    const model = makeModel(seed);
    const objective = makeObjective();
    const run = { batchSize: batch, epochs, seed, learningRate: rate, epsilonSchedule, logEvery: 20, optimizer: sgd() };
    try {
      const { history, inputGradients } = await fit({ ...run, objective, attack, model, data: train, threat });
      const scores = await measure(model, test, threat, marginLoss);
      const metrics = history.filter(({ type }) => type === 'metrics');
      if (rho === shown && i === 0) course = metrics.map(({ step, loss }) => ({ step, ...loss }));
      (found[name] ??= []).push({ ...scores, inputGradients, ...(rho && { nu: metrics.at(-1).loss.nu }) });
    } catch (error) {
      if (error.code !== 'ADVROB_TRAINING_DIVERGED') throw error;
      (found[name] ??= []).push({ diverged: true });
    }
    process.stderr.write(`seed ${seed}, ${name}: ${JSON.stringify(found[name].at(-1))}\n`);
    objective.dispose?.();
    model.dispose();
  }
}
const minutes = (performance.now() - begun) / 60000;

const measures = ['clean', 'pgd20', 'margin20'];
const isSound = ({ name }) => found[name].every(({ diverged }) => !diverged);
const intervals = Object.fromEntries(
  arms
    .filter(isSound)
    .map(({ name }) => [
      name,
      Object.fromEntries(measures.map((of) => [of, intervalOf(found[name].map((row) => row[of]))])),
    ]),
);
if (json) for (const { name } of arms) console.log(JSON.stringify({ arm: name, settings, runs: found[name] }));
const text = [
  `${train.name}, ${seeds} seeds, ${train.length} training and ${test.length} ${heldOut ? 'validation' : 'test'} examples, ${epochs} epochs, epsilon ${Number(epsilon.toPrecision(4))}, batches of ${batch}, rate ${rate}; ${minutes.toFixed(0)} minutes. Means with 95% intervals over the seeds.`,
  markdownTable(
    ['arm', 'clean', 'PGD-20', 'margin-20', 'nu at the end'],
    arms.map((arm) => [
      arm.name,
      ...measures.map((of) => (isSound(arm) ? formatInterval(intervals[arm.name][of]) : 'diverged')),
      arm.rho && isSound(arm) ? formatInterval(intervalOf(found[arm.name].map(({ nu }) => nu)), 2) : '',
    ]),
  ),
].join('\n\n');
if (!json) console.log(text);
if (report) await writeResults(report, `pareto ${train.name}`, text);
if (figures) {
  mkdirSync(figures, { recursive: true });
  for (const { id, spec, ...rest } of [paretoFigure(), courseFigure()]) {
    const { svg } = await renderFigure({ id, ...rest, spec: () => spec });
    writeFileSync(join(figures, `${id}.svg`), svg);
  }
}

function paretoFigure() {
  const rows = arms.filter(isSound).map(({ name, method, setting }) => {
    const { clean, pgd20 } = intervals[name];
    return { method, setting, clean: clean.mean, robust: pgd20.mean, low: pgd20.low, high: pgd20.high };
  });
  const columns = { method: 'Method', setting: 'Setting', clean: 'Clean', robust: 'PGD-20', low: 'from', high: 'to' };
  const x = quantity('clean', 'clean accuracy', { zero: false });
  const color = { field: 'method', type: 'nominal', title: 'method' };
  return figure(
    { id: `pareto-${train.name}`, title: 'Clean against robust accuracy', columns, rows },
    {
      caption: 'Up and to the right is better. Bars are 95% intervals of PGD-20 over the seeds.',
      alt: 'Points of every training method, clean accuracy across, accuracy under PGD-20 upwards.',
    },
    {
      width: 420,
      height: 300,
      layer: [
        {
          mark: 'rule',
          encoding: { x, y: quantity('low', 'accuracy under PGD-20', { zero: false }), y2: { field: 'high' }, color },
        },
        {
          mark: { type: 'point', filled: true, size: 60 },
          encoding: { x, y: quantity('robust', 'accuracy under PGD-20', { zero: false }), color },
        },
        {
          mark: { type: 'text', dx: 6, align: 'left', fontSize: 10 },
          encoding: {
            x,
            y: quantity('robust', 'accuracy under PGD-20', { zero: false }),
            text: { field: 'setting' },
            color,
          },
        },
      ],
    },
  );
}

function courseFigure() {
  const rows = course.flatMap(({ step, nu, clean, robust }) => [
    { step, value: clean, what: 'clean loss' },
    { step, value: robust, what: 'robust loss' },
    { step, value: nu, what: 'nu' },
  ]);
  const columns = { step: 'Step', value: 'Value', what: 'Quantity' };
  return figure(
    { id: `primal-dual-${train.name}`, title: `Primal and dual over training, rho ${shown}`, columns, rows },
    {
      caption: 'nu falls when the clean loss is below rho (dashed), and rises above it.',
      alt: 'Clean loss, robust loss and nu over the steps of training, with a line at rho.',
    },
    {
      width: 420,
      height: 300,
      layer: [
        {
          mark: { type: 'line' },
          encoding: {
            x: quantity('step', 'step'),
            y: quantity('value', 'loss; nu'),
            color: { field: 'what', type: 'nominal', title: 'quantity' },
          },
        },
        { mark: { type: 'rule', strokeDash: [4, 4] }, encoding: { y: { datum: shown } } },
      ],
    },
  );
}
