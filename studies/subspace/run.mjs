// Adversarial directions orthogonal to the data: the theory and its experiments.
//   node studies/subspace/run.mjs --part theory|boundary|mnist|fashion [--seeds 3]
//   [--fashion folder] [--report studies/subspace/README.md]
//
// Protocol. Melamed, Yehudai, Vardi 2023. Signs are judged on the mean over the seeds, 95%
// intervals beside it.
// theory (E1): the theory's network, d 60, l 30, m 400, n 20, gradient descent of rate 1 to margin
//   0.3, scales 1, 1/3, 1/10, 1/30, 1/100; weight decay 3e-4 and 1e-3 for 3000 steps. P1: w^M
//   unchanged (0 exactly). P3: at most exp(-l/16) of the points outside of each bound. P5: log-log
//   slope of the orthogonal gradient over the scale 1 +- 0.1; that of the flip distance, -1, is
//   report-only. P6: what weight decay 1e-3 leaves of the gradient is within 10% of (1 - eta
//   lambda)^t; 3e-4 is report-only.
// boundary (E2): the official experiments, both layers trained. Median over the points of the flip
//   distance to the nearer side, mean over the seeds: diagonal, small initialisation (factor 2)
//   above 1.5 times normal, weight decay 3e-3 above 1.1 times; chess, factor 1.5 above 1.2 times;
//   its weight decay 3e-4 is report-only.
// mnist (E3): digits 3 and 7, 2000 training and 200 test images, a two-layer network without
//   biases, width 256, both layers trained, 10 epochs of SGD, rate 0.1, batches of 64. P is spanned
//   by the pixels that some training image uses. Arms: the other pixels' part of the first layer
//   scaled by b = 1, 1/3, 1/10 before training; weight decay 3e-3 and 1e-2. Sign: log-log slope of
//   the median flip distance over b is -1 +- 0.15, it grows with weight decay, and clean accuracy
//   of the arms b differs by at most 0.2 points. Report-only: the share that flips inside of [0,
//   1].
// fashion (E4): all ten classes of Fashion-MNIST projected on the 32 leading principal components
//   (l = 752) of 2000 training images; else as mnist, with the orthogonal part scaled by b. Sign:
//   as mnist, and the median orthogonal gradient at b = 1 above that of mnist. Report-only:
//   accuracy under PGD-20 restricted to M, L2 epsilon 1, by the attack `orthogonal`.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../packages/core/dist/gradients.js';
import { pgd } from '../../packages/attacks/dist/index.js';
import {
  boundary,
  deadInputs,
  logLogSlope,
  orthogonal,
  orthogonalRobustness,
  principalComponents,
  projected,
  scaleOrthogonal,
  theory,
} from '../../packages/analysis-subspace/dist/index.js';
import { registerOnnxRuntime } from '../../packages/backend-onnxruntime/dist/index.js';
import { arrayDataset, fashionMnist, mnist } from '../../packages/datasets/dist/index.js';
import { twoLayer } from '../../packages/models/dist/index.js';
import { erm, fit, sgd } from '../../packages/training/dist/index.js';
import { formatInterval, intervalOf, markdownTable, mean, writeResults } from '../shared/results.mjs';

const { values: given } = parseArgs({
  options: {
    part: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    train: { type: 'string', default: '2000' },
    test: { type: 'string', default: '200' },
    epochs: { type: 'string', default: '10' },
    fashion: { type: 'string' },
    report: { type: 'string' },
  },
});
const [seeds, trainCount, testCount, epochs] = ['seeds', 'train', 'test', 'epochs'].map((name) => Number(given[name]));
const parts = { theory: theoryPart, boundary: boundaryPart, mnist: mnistPart, fashion: fashionPart };
if (!parts[given.part] || !(seeds >= 2 && seeds <= 10))
  throw new Error(`--part must be one of ${Object.keys(parts).join(', ')}, --seeds from 2 to 10`);

/** Of mnist and fashion. */
const arms = [
  { name: 'b 1', scale: 1 },
  { name: 'b 1/3', scale: 1 / 3 },
  { name: 'b 1/10', scale: 1 / 10 },
  { name: 'weight decay 3e-3', scale: 1, weightDecay: 3e-3 },
  { name: 'weight decay 1e-2', scale: 1, weightDecay: 1e-2 },
];

tf.enableProdMode();
const begun = performance.now();
const text = await parts[given.part]();
const minutes = ((performance.now() - begun) / 60000).toFixed(0);
const result = `${seeds} seeds, ${minutes} minutes. Means with 95% intervals over the seeds.\n\n${text}`;
console.log(result);
if (given.report) await writeResults(given.report, given.part, result);

function verdict(what, holds) {
  return `Verdict, ${what}: ${holds ? 'the sign holds.' : 'not reproduced at this scale.'}`;
}

function bySeed(run) {
  return Array.from({ length: seeds }, (_, seed) => run(seed));
}

async function memo(key, compute) {
  const value = await compute();
  process.stderr.write(`${key}: ${((performance.now() - begun) / 60000).toFixed(1)} min\n`);
  return value;
}

async function theoryPart() {
  await tf.setBackend('cpu');
  const { tables, violations, slopes, decay, runs } = await theory({ seeds }).analyze({ models: {}, memo });
  const arms = [...new Set(tables[0].rows.map(({ initScale, weightDecay }) => `${initScale} ${weightDecay}`))];
  const rows = arms.map((arm) => {
    const own = tables[0].rows.filter(({ initScale, weightDecay }) => `${initScale} ${weightDecay}` === arm);
    const cell = (name, digits) => formatInterval(intervalOf(own.map((row) => row[name])), digits);
    const { initScale, weightDecay } = own[0];
    return [
      `b ${initScale.toPrecision(2)}${weightDecay > 0 ? `, weight decay ${weightDecay}` : ''}`,
      Math.max(...own.map(({ frozenChange }) => frozenChange)).toExponential(1),
      cell('lower', 4),
      cell('gradient', 4),
      cell('upper', 4),
      cell('predictedFlip', 2),
      cell('flip', 2),
      cell('universal', 2),
    ];
  });
  const frozen = Math.max(
    ...runs.filter(({ weightDecay }) => weightDecay === 0).map(({ frozenChange }) => frozenChange),
  );
  const gradientSlope = intervalOf(slopes.map(({ gradient }) => gradient));
  const flipSlope = intervalOf(slopes.map(({ flip }) => flip));
  const kept = (lambda) =>
    intervalOf(
      decay.filter((one) => one.weightDecay === lambda).map(({ measured, predicted }) => measured / predicted),
    );
  return [
    markdownTable(
      [
        'arm',
        'largest change of w^M',
        'lower bound',
        'orthogonal gradient',
        'upper bound',
        'N / gradient',
        'flip distance',
        'flipped by the universal direction',
      ],
      rows,
    ),
    `P1: largest change of w^M without weight decay ${frozen}. P3: ${(100 * violations.below).toFixed(1)}% of the points below the lower bound, ${(100 * violations.above).toFixed(1)}% above the upper; each may be ${(100 * violations.allowed).toFixed(1)}%.`,
    `P5: slope of the orthogonal gradient over the scale ${formatInterval(gradientSlope)}; of the flip distance ${formatInterval(flipSlope)}. P6: gradient left over (1 - eta lambda)^t ${formatInterval(kept(1e-3))} at 1e-3, ${formatInterval(kept(3e-4))} at 3e-4.`,
    verdict('P1', frozen === 0),
    verdict('P3', violations.below <= violations.allowed && violations.above <= violations.allowed),
    verdict('P5', Math.abs(gradientSlope.mean - 1) <= 0.1),
    verdict('P6', Math.abs(kept(1e-3).mean - 1) <= 0.1),
  ].join('\n\n');
}

async function boundaryPart() {
  await tf.setBackend('cpu');
  const found = [];
  for (const experiment of ['diagonal', 'chess']) {
    const { tables } = await boundary({ experiment, seeds }).analyze({ models: {}, memo });
    for (const arm of new Set(tables[0].rows.map((row) => row.arm))) {
      const own = tables[0].rows.filter((row) => row.arm === arm);
      found.push({ experiment, arm, own, flips: own.map(({ median }) => median) });
    }
  }
  const meanOf = (experiment, arm) => mean(found.find((one) => one.experiment === experiment && one.arm === arm).flips);
  const ratio = (experiment, arm) => meanOf(experiment, arm) / meanOf(experiment, 'normal');
  const rows = found.map(({ experiment, arm, own, flips }) => [
    experiment,
    arm,
    ...['steps', 'accuracy', 'gradient'].map((name) =>
      formatInterval(intervalOf(own.map((row) => row[name])), name === 'steps' ? 0 : 2),
    ),
    formatInterval(intervalOf(flips)),
    formatInterval(intervalOf(own.map(({ min }) => min))),
    ratio(experiment, arm).toFixed(2),
  ]);
  return [
    markdownTable(
      [
        'experiment',
        'arm',
        'steps',
        'accuracy',
        'median orthogonal gradient',
        'median flip distance',
        'least flip distance',
        'ratio of medians',
      ],
      rows,
    ),
    verdict('diagonal, small initialisation above 1.5', ratio('diagonal', 'small initialisation') > 1.5),
    verdict('diagonal, weight decay above 1.1', ratio('diagonal', 'weight decay') > 1.1),
    verdict('chess, small initialisation above 1.2', ratio('chess', 'small initialisation') > 1.2),
  ].join('\n\n');
}

async function openNative() {
  registerOnnxRuntime({ deterministic: true, threads: 1 });
  await tf.setBackend('onnxruntime');
}

/** Trains every arm on every seed and measures it off the subspace. */
async function measureArms({ train, test, subspace, classes, bounds, restricted }) {
  const option =
    subspace.kind === 'axes' ? { unused: [...subspace.mask.keys()].filter((i) => subspace.mask[i] === 0) } : subspace;
  const found = {};
  for (const seed of bySeed((value) => value))
    for (const { name, scale, weightDecay = 0 } of arms) {
      const make = twoLayer({ inputShape: [28, 28, 1], width: 256, bias: false, numClasses: classes, bounds });
      const model = make(seed);
      scaleOrthogonal(model, subspace, scale);
      await fit({
        model,
        data: train,
        objective: erm(),
        optimizer: sgd({ weightDecay }),
        learningRate: 0.1,
        batchSize: 64,
        epochs,
        seed,
        logEvery: 1000,
      });
      const basis =
        'unused' in option
          ? option
          : {
              basis: Array.from({ length: subspace.dimension }, (_, i) => [
                ...subspace.basis.subarray(i * subspace.size, (i + 1) * subspace.size),
              ]),
            };
      const report = await orthogonalRobustness({
        subspace: basis,
        examples: test.length,
        limit: 5000,
        batchSize: 250,
      }).analyze({ models: { model }, data: test, memo: (_, compute) => compute() });
      const robust = restricted && (await robustAccuracy(model, test, subspace));
      const row = {
        accuracy: report.accuracy,
        orthogonal: report.orthogonal.median,
        along: report.along.median,
        predicted: report.predictedFlip.median,
        flip: report.flip.median,
        inside: report.insideShare,
        ...(restricted && { robust }),
      };
      (found[name] ??= []).push(row);
      model.dispose();
      process.stderr.write(`seed ${seed}, ${name}: ${JSON.stringify(row)}\n`);
    }
  return found;
}

async function robustAccuracy(model, test, subspace) {
  const attack = orthogonal({ attack: pgd({ steps: 20 }), subspace });
  let withstood = 0;
  for await (const { x, y, ids } of test.batches({ size: 250 })) {
    const { adversarial, robustAccuracy: share } = await attack.run(
      model,
      x,
      y,
      { norm: 'l2', epsilon: 1 },
      { seed: 0, ids },
    );
    withstood += share * y.shape[0];
    tf.dispose([x, y, adversarial]);
  }
  return withstood / test.length;
}

function armsText(found, { restricted }) {
  const column = (arm, name) => found[arm].map((row) => row[name]);
  const names = Object.keys(found);
  const slopes = bySeed((seed) =>
    logLogSlope(arms.slice(0, 3).map(({ name, scale }) => [scale, found[name][seed].flip])),
  );
  const slope = intervalOf(slopes);
  const flips = (name) => mean(column(name, 'flip'));
  const accuracies = names.slice(0, 3).map((name) => mean(column(name, 'accuracy')));
  const grows = flips('weight decay 3e-3') > flips('b 1') && flips('weight decay 1e-2') > flips('weight decay 3e-3');
  const isUnchanged = Math.max(...accuracies) - Math.min(...accuracies) <= 0.002;
  const extra = restricted ? [['robust', 'accuracy under orthogonal PGD-20, L2 1', 3]] : [];
  const shown = [
    ['accuracy', 'clean accuracy', 3],
    ['along', 'gradient along', 3],
    ['orthogonal', 'orthogonal gradient', 4],
    ['predicted', 'lead / gradient', 1],
    ['flip', 'flip distance', 1],
    ['inside', 'flips inside the bounds', 3],
    ...extra,
  ];
  return [
    markdownTable(
      ['arm', ...shown.map(([, title]) => title)],
      names.map((name) => [
        name,
        ...shown.map(([key, , digits]) => formatInterval(intervalOf(column(name, key)), digits)),
      ]),
    ),
    `Gradients and distances are medians over the test images. Slope of the flip distance over b: ${formatInterval(slope)}.`,
    verdict('flip distance over the scale, slope -1 +- 0.15', Math.abs(slope.mean + 1) <= 0.15),
    verdict('flip distance grows with weight decay', grows),
    verdict('clean accuracy unchanged by the scale', isUnchanged),
  ].join('\n\n');
}

async function mnistPart() {
  await openNative();
  const { train, test } = await mnist();
  const digits = { train: await twoDigits(train, trainCount, [3, 7]), test: await twoDigits(test, testCount, [3, 7]) };
  const subspace = await deadInputs(digits.train);
  const found = await measureArms({ ...digits, subspace, classes: 2, bounds: [0, 1] });
  return `MNIST 3 and 7, ${digits.train.length} training and ${digits.test.length} test images; l = ${subspace.size - subspace.dimension} of ${subspace.size} pixels are never used.\n\n${armsText(found, {})}`;
}

/** The first `count` images of two digits, with labels 0 and 1. */
async function twoDigits(data, count, pair) {
  const [inputs, labels] = [[], []];
  for await (const { x, y } of data.batches({ size: 500 })) {
    const [values, classes] = [await x.data(), await y.data()];
    classes.forEach((label, i) => {
      if (!pair.includes(label) || labels.length >= count) return;
      inputs.push(values.slice(i * 784, (i + 1) * 784));
      labels.push(pair.indexOf(label));
    });
    tf.dispose([x, y]);
    if (labels.length >= count) break;
  }
  const flat = new Float32Array(labels.length * 784);
  inputs.forEach((image, i) => flat.set(image, i * 784));
  return arrayDataset({
    name: `mnist-${pair.join('-')}`,
    inputs: flat,
    labels,
    inputShape: [28, 28, 1],
    numClasses: 2,
  });
}

async function fashionPart() {
  if (!given.fashion) {
    console.error('fashion: pass --fashion with the folder of Fashion-MNIST; nothing was run');
    process.exit(0);
  }
  await openNative();
  const raw = await fashionMnist({ directory: given.fashion });
  const subspace = await principalComponents(raw.train.take(trainCount), 32);
  const bounds = [-20, 20];
  const [train, test] = [
    await projected(raw.train.take(trainCount), subspace, bounds),
    await projected(raw.test.take(testCount), subspace, bounds),
  ];
  const found = await measureArms({ train, test, subspace, classes: 10, bounds, restricted: true });
  const gradient = mean(found['b 1'].map((row) => row.orthogonal));
  const ofMnist = mnistGradient();
  const compared =
    ofMnist === undefined
      ? ''
      : `\n\n${verdict(`orthogonal gradient ${gradient.toFixed(3)} above that of mnist, ${ofMnist.toFixed(3)}`, gradient > ofMnist)}`;
  return `Fashion-MNIST on 32 principal components, ${train.length} training and ${test.length} test images, l = ${subspace.size - subspace.dimension}.\n\n${armsText(found, { restricted: true })}${compared}`;
}

/** The orthogonal gradient of the arm `b 1` that the page has of mnist. */
function mnistGradient() {
  if (!given.report) return undefined;
  const page = readFileSync(given.report, 'utf8');
  const row = page.slice(page.indexOf('<!-- results: mnist -->')).match(/^\| b 1 +\|(.*)$/m);
  return row ? Number.parseFloat(row[1].split('|')[2]) : undefined;
}
