// What of a robust teacher's logits makes a student robust?
//   node studies/logits/run.mjs [--fashion folder] [--json] [--report studies/logits/README.md]
//
// Protocol, set before the runs. MNIST or Fashion-MNIST, an MLP with one hidden layer, SGD with
// momentum 0.9, batches of 100, rate 0.1 along a cosine (0.05 for students with the squared
// distance). ST: standard training. AT: PGD-AT, PGD-3, Linf, at epsilon / 5, epsilon / 2 and
// epsilon; ST and AT share initial weights and batches for a seed. Students have initial weights of
// their own, which all arms of a seed share with their batches, so that arms are paired.
// The teacher is AT at epsilon; its logits on the clean training images are cached once and
// manipulated (M0 to M11). No labels, no perturbations. Robustness on the first test images by
// PGD-20 with cross-entropy, PGD-20 with the margin, and both together (`worst`), uniform start,
// one start, at epsilon / 5, epsilon / 2 and epsilon.
//
// Signs, judged on test images:
//   E1 mean max logit of AT below 0.85 of that of ST and mean gap below 0.6, in every seed; mean
//     over the seeds of the mean gap falls from ST over AT at epsilon / 5 and epsilon / 2 to AT at
//     epsilon.
//   E2 PGD-20 accuracy at epsilon of the M0 student (KL) at least 10 points above that of ST, in
//     every seed; the same for `worst`.
//   E3 mean over the seeds: PGD-20 accuracy at epsilon of the M3 and of the M7 student (KL) each at
//     least 5 points below that of M0; the same for `worst`.
// Everything else is report-only: the other manipulations, the squared distance, the student of ST,
// Spearman's rho and the ordering of the classes. The judged arms run first.
//   --seeds 3  --train 10000  --test 1000  --epochs 12  --epsilon 0.1  --hidden 128
import { pgd } from '../../packages/attacks/dist/index.js';
import {
  collectLogits,
  compareConfidences,
  compareOrdering,
  distill,
  logitStatistics,
  manipulate,
  manipulationIds,
  marginRobustness,
} from '../../packages/analysis-logits/dist/index.js';
import { erm, fit, pgdAt, sgd } from '../../packages/training/dist/index.js';
import { logitReport, verdicts } from './tables.mjs';
import { writeResults } from '../shared/results.mjs';
import { open, readArguments } from '../shared/setup.mjs';

const settings = readArguments({ seeds: 3, train: 10000, test: 1000, epochs: 12, epsilon: 0.1, hidden: 128 });
const { json, seeds, epochs, epsilon, report, fashion } = settings;
const { train, test, makeModel } = await open(settings);
const threat = { norm: 'linf', epsilon };
const batchSize = 250;

const course = (seed, learningRate = 0.1) => ({
  batchSize: 100,
  epochs,
  seed,
  learningRate,
  schedule: { name: 'cosine' },
  logEvery: 1000,
  optimizer: sgd({ momentum: 0.9 }),
});

/**
 * Mean values of the statistics on the given images, clean, or at what PGD-20 on cross-entropy
 * makes of them.
 */
async function statisticsOf(model, data, attack) {
  const found = await logitStatistics(model, data, { batchSize, ...(attack && { attack, threat }) });
  const { max, centredMax, gap, confidence } = found.measures;
  return {
    accuracy: found.accuracy,
    max: max.mean,
    centredMax: centredMax.mean,
    gap: gap.mean,
    confidence: confidence.mean,
    maxSkewness: max.skewness,
    gapSkewness: gap.skewness,
    correlation: found.maxGapCorrelation,
  };
}

async function robustnessOf(model) {
  const { clean, points } = await marginRobustness(model, test, { threat, batchSize });
  return { clean: clean.rate, points: points.map(({ ce, margin, worst }) => [ce.rate, margin.rate, worst.rate]) };
}

async function teacher(seed, plan) {
  const model = makeModel(seed);
  await fit({ ...course(seed), ...plan, model, data: train });
  return model;
}

async function student(seed, logits, loss) {
  const model = makeModel(1000 + seed);
  await distill({ ...course(1000 + seed, loss === 'mse' ? 0.05 : 0.1), model, data: train, teacher: logits, loss });
  const row = { ...(await robustnessOf(model)), ...(await statisticsOf(model, test)) };
  model.dispose();
  return row;
}

const note = (seed, name, row) => process.stderr.write(`seed ${seed}, ${name}: ${JSON.stringify(row)}\n`);

/**
 * ST and AT of one seed: { statistics, comparison, arms }, and their logits on the training images.
 */
async function runTeachers(seed) {
  const found = { statistics: {}, arms: {} };
  const models = { ST: await teacher(seed, { objective: erm() }) };
  for (const [name, share] of [
    ['AT / 5', 1 / 5],
    ['AT / 2', 1 / 2],
    ['AT', 1],
  ])
    models[name] = await teacher(seed, {
      objective: pgdAt(),
      attack: pgd({ steps: 3 }),
      threat: { norm: 'linf', epsilon: share * epsilon },
    });
  for (const [name, model] of Object.entries(models)) {
    const clean = await statisticsOf(model, test);
    found.arms[name] = { ...(await robustnessOf(model)), ...clean };
    note(seed, name, found.arms[name]);
    found.statistics[name] = {
      'test, clean': clean,
      'train, clean': await statisticsOf(model, train),
      'test, adversarial': await statisticsOf(model, test, pgd({ steps: 20 })),
    };
  }
  const [standard, robust] = [models.ST, models.AT];
  const onTest = [await collectLogits(standard, test), await collectLogits(robust, test)];
  const confidence = compareConfidences(onTest[0].logits, onTest[1].logits, onTest[0].labels);
  const ordering = compareOrdering(onTest[0].logits, onTest[1].logits);
  found.comparison = { spearman: confidence.spearman, tau: ordering.meanTau, overlap: ordering.meanOverlap };
  note(seed, 'comparison', found.comparison);
  const logits = {
    standard: (await collectLogits(standard, train)).logits,
    robust: (await collectLogits(robust, train)).logits,
  };
  for (const model of Object.values(models)) model.dispose();
  return { seed, found, logits };
}

async function addStudents({ seed, found, logits: { standard, robust } }, students) {
  for (const [name, id, loss] of students) {
    const target = id === 'ST' ? standard : manipulate(id, robust, { standard, seed });
    found.arms[name] = await student(seed, target, loss);
    note(seed, name, found.arms[name]);
  }
}

const withKl = (id) => [`${id}, KL`, id, 'kl'];
const judged = ['M0', 'M3', 'M7'];
// M8 with KL is M0: a softmax does not see a shift.
const reported = [
  ['student of ST, KL', 'ST', 'kl'],
  ...manipulationIds.filter((id) => !judged.includes(id) && id !== 'M8').map(withKl),
  ...['M0', 'M1', 'M2', 'M3', 'M8'].map((id) => [`${id}, MSE`, id, 'mse']),
];

const begun = performance.now();
const prepared = [];
for (let seed = 0; seed < seeds; seed++) {
  prepared.push(await runTeachers(seed));
  await addStudents(prepared.at(-1), judged.map(withKl));
}
const runs = prepared.map(({ found }) => found);
await write();
for (const each of prepared) await addStudents(each, reported);
const text = await write();
if (json) console.log(JSON.stringify({ settings, runs, verdicts: verdicts(runs) }));
else console.log(text);

/** Puts what is there into the report: once when the signs can be judged, once at the end. */
async function write() {
  const minutes = (performance.now() - begun) / 60000;
  const head = `${train.name}, ${seeds} seeds, ${train.length} training and ${test.length} test images, ${epochs} epochs, epsilon ${epsilon}; ${minutes.toFixed(0)} minutes on a shared machine. Means with 95% intervals over the seeds.`;
  const page = logitReport(head, runs, epsilon);
  if (report) await writeResults(report, fashion ? 'Fashion-MNIST' : 'MNIST', page);
  return page;
}
