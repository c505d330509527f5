// Is the adversarial loss smoother along the outer iterates of EntropySGD than along those of SGD?
//   node studies/entropysgd/run.mjs [--fashion folder] [--json]
//   [--report studies/entropysgd/README.md]
//
// A prediction of the theory of local entropy that nobody has run; this protocol was written before
// the first run.
// Protocol. MNIST or Fashion-MNIST, an MLP with one hidden layer, PGD-7 adversarial training, Linf.
// Both arms share initial weights and batches for a seed and see equally many attacked batches.
// SGD: momentum 0.9, rate 0.1. EntropySGD: the defaults of the reference code with L = --inner,
// outer rate 1. Both rates fall along a cosine; nothing is tuned.
// Measure: K2 = |g' - g| / |w' - w| of the gradient g of the adversarial cross-entropy on the first
// --probe training examples (PGD-20 from the clean example, so deterministic; eval mode), between
// iterates L adversarial gradients apart: neighbouring outer iterates of EntropySGD, every L-th of
// SGD. Per run the median over the training.
// Prediction: EntropySGD's K2 over SGD's is below 1. It holds when the 95% interval of the
// geometric mean over the seeds lies below 1, is contradicted when it lies above, and is undecided
// else.
// Report-only, because K2 also depends on how far apart the iterates are (where attacks jump, it
// falls with the distance): K2 of SGD's neighbouring updates; the lengths of the steps; K1, the
// same ratio between an iterate and a point 0.001 |w| from it in a random direction, equal for both
// arms; K2 in each third of the training; accuracy.
//   --seeds 3  --train 5000  --test 1000  --epochs 12  --epsilon 0.1  --hidden 64  --inner 10
//   --probe 250
import * as tf from '@tensorflow/tfjs-core';
import { marginLoss, meanCrossEntropy } from '../../packages/core/dist/losses.js';
import { createRandom } from '../../packages/core/dist/random.js';
import { pgd } from '../../packages/attacks/dist/index.js';
import { entropysgdTrainer } from '../../packages/trainers-entropysgd/dist/index.js';
import { fit, pgdAt, sgd } from '../../packages/training/dist/index.js';
import { median } from '../../tooling/bench/statistics.mjs';
import { formatInterval, intervalOf, markdownTable, ratioInterval, writeResults } from '../shared/results.mjs';
import { measure, open, readArguments } from '../shared/setup.mjs';

const settings = readArguments({
  seeds: 3,
  train: 5000,
  test: 1000,
  epochs: 12,
  epsilon: 0.1,
  hidden: 64,
  inner: 10,
  probe: 250,
});
const { json, seeds, epochs, epsilon, inner, report, fashion } = settings;
const threat = { norm: 'linf', epsilon };
const { train, test, makeModel } = await open(settings);
const [probe] = await first(train.take(settings.probe).batches({ size: settings.probe }));

const arms = {
  sgd: { plan: { objective: pgdAt(), optimizer: sgd({ momentum: 0.9 }), learningRate: 0.1 }, stride: inner },
  entropysgd: {
    plan: { ...entropysgdTrainer({ innerSteps: inner, average: 'none' }), learningRate: 1 },
    stride: 1,
  },
};

const begun = performance.now();
const found = {};
for (let seed = 0; seed < seeds; seed++)
  for (const [name, { plan, stride }] of Object.entries(arms)) {
    const model = makeModel(seed);
    const attack = pgd({ steps: 20, start: 'zero' });
    const { watch, paths } = followGradient({ attack, threat, probe, stride, nearby: 1e-3, seed });
    const run = { batchSize: 100, epochs, seed, schedule: { name: 'cosine' }, logEvery: 1000 };
    await fit({
      ...plan,
      ...run,
      optimizer: watch(plan.optimizer),
      model,
      data: train,
      threat,
      attack: pgd({ steps: 7 }),
    });
    const scores = await measure(model, test, threat, marginLoss);
    model.dispose();
    const third = Math.floor(paths.strided.length / 3);
    const row = {
      ...scores,
      k2: median(paths.strided),
      k2Neighbours: median(paths.neighbours),
      k1: median(paths.near),
      length: median(paths.lengths),
      k2Early: median(paths.strided.slice(0, third)),
      k2Middle: median(paths.strided.slice(third, 2 * third)),
      k2Late: median(paths.strided.slice(2 * third)),
    };
    (found[name] ??= []).push({ ...row, pairs: paths.strided.length });
    process.stderr.write(`seed ${seed}, ${name}: ${JSON.stringify(row)}\n`);
  }
tf.dispose([probe.x, probe.y]);
const minutes = (performance.now() - begun) / 60000;

const column = (arm, name) => found[arm].map((row) => row[name]);
const over = (name, base = name) => ratioInterval(column('entropysgd', name), column('sgd', base));
const effect = over('k2');
const verdict = effect.high < 1 ? 'it holds' : effect.low > 1 ? 'it is contradicted' : 'it is undecided';
const compared = {
  'K2, iterates L gradients apart (the prediction)': effect,
  "K2, against SGD's neighbouring updates": over('k2', 'k2Neighbours'),
  'K1 at 0.001 of the weights': over('k1'),
  'length of the steps': over('length'),
  'K2, first third': over('k2Early'),
  'K2, second third': over('k2Middle'),
  'K2, last third': over('k2Late'),
};

if (json)
  for (const arm of Object.keys(arms))
    console.log(JSON.stringify({ arm, settings, runs: found[arm], compared, verdict }));
const shown = ['clean', 'pgd20', 'margin20', 'k2', 'k2Neighbours', 'k1', 'length'];
const text = [
  `${train.name}, ${seeds} seeds, ${train.length} training and ${test.length} test examples, ${epochs} epochs, epsilon ${epsilon}, L = ${inner}; ${minutes.toFixed(0)} minutes. Means with 95% intervals over the seeds.`,
  markdownTable(
    ['arm', 'clean', 'PGD-20', 'margin-20', 'K2', 'K2 of neighbours', 'K1', 'length of L gradients'],
    Object.keys(arms).map((arm) => [arm, ...shown.map((name) => formatInterval(intervalOf(column(arm, name))))]),
  ),
  'EntropySGD over SGD (geometric mean and 95% interval of the paired ratios):',
  markdownTable(
    ['measure', 'ratio'],
    Object.entries(compared).map(([name, interval]) => [name, formatInterval(interval, 2)]),
  ),
  `Verdict on the prediction, K2 below that of SGD: ${verdict} (ratio ${formatInterval(effect, 2)}).`,
].join('\n\n');
if (!json) console.log(text);
if (report) await writeResults(report, `smoothness, ${fashion ? 'Fashion-MNIST' : 'MNIST'}`, text);

async function first(batches) {
  for await (const batch of batches) return [batch];
  throw new Error('no data');
}

/**
 * Follows the gradient of the adversarial loss on one fixed batch along the updates of an
 * optimizer. The attack must be deterministic; the model is in eval mode.
 *
 * - K2: |g' - g| / |w' - w| of two iterates, once for updates `stride` apart and once for
 *   neighbours (equal when the stride is 1).
 * - K1: the same between an iterate and the point `nearby |w|` away in a random direction, which no
 *   optimizer chose: the smoothness of the place.
 *
 * @param probe {x, y, ids} of the batch.
 * @returns `watch(binding)`, an optimizer that measures on its way, and the lists `paths`: {
 *   strided, neighbours, near, lengths }.
 */
function followGradient({ attack, threat, probe, stride, nearby, seed }) {
  const paths = { strided: [], neighbours: [], near: [], lengths: [] };
  let strided;
  let last;

  const gradientOf = async (model) => {
    const weights = Object.values(model.weights);
    const adversarial = await attack.maximize(model, probe.x, probe.y, threat, { seed: 0, ids: probe.ids });
    const flat = tf.tidy(() => {
      const { grads } = tf.variableGrads(() => meanCrossEntropy(model.logits(adversarial), probe.y), weights);
      return [
        tf.concat(weights.map(({ name }) => tf.reshape(grads[name], [-1]))),
        tf.concat(weights.map((weight) => tf.reshape(weight, [-1]))),
      ];
    });
    const [gradient, point] = [await flat[0].data(), await flat[1].data()];
    tf.dispose([adversarial, flat]);
    return { gradient, point };
  };

  const nearRatio = async (model, here, step) => {
    const random = createRandom({ seed, step });
    const weights = Object.entries(model.weights);
    const before = weights.map(([, weight]) => tf.clone(weight));
    tf.tidy(() => {
      const directions = weights.map(([name, { shape }]) => random.normal(`nearby/${name}`, shape));
      const square = (tensors) => tf.addN(tensors.map((tensor) => tf.sum(tf.square(tensor))));
      const scale = tf.mul(tf.sqrt(tf.div(square(before), square(directions))), nearby);
      weights.forEach(([, weight], i) => weight.assign(tf.add(weight, tf.mul(directions[i], scale))));
    });
    const there = await gradientOf(model);
    weights.forEach(([, weight], i) => weight.assign(before[i]));
    tf.dispose(before);
    return ratio(here, there);
  };

  const measure = async (model, step) => {
    if (step % stride > 1 && stride > 1) return;
    const here = await gradientOf(model);
    if (last?.step === step - 1) paths.neighbours.push(ratio(last, here));
    last = { ...here, step };
    if (step % stride !== 0) return;
    if (strided) {
      paths.strided.push(ratio(strided, here));
      paths.lengths.push(distance(strided.point, here.point));
    }
    strided = here;
    paths.near.push(await nearRatio(model, here, step));
  };

  const watch = (binding) => (model) => {
    const optimizer = binding(model);
    return {
      ...optimizer,
      async step(work) {
        if (work.step === 0) await measure(model, 0);
        await optimizer.step(work);
        await measure(model, work.step + 1);
      },
    };
  };
  return { watch, paths };
}

function distance(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}

function ratio(from, to) {
  return distance(from.gradient, to.gradient) / distance(from.point, to.point);
}
