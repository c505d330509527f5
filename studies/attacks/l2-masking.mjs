// Robustness that is not there: a LeNet-5 trained against PGD in Linf at 0.3, attacked in L2 at 2.
//   node studies/attacks/l2-masking.mjs [--json]
//
// Protocol. The weights of the bench `attacks` (tooling/bench/nets/train-lenet5.mjs). Training in
// Linf at 0.3 makes the first filters thresholds: around an example most of them are off, with a
// gradient of 0, so that PGD in L2 hardly moves the loss; walking along the decision boundary (FAB)
// and searching without gradients (Square) do not need it to rise. PGD-40, PGD-200, APGD-CE, FAB-T,
// Square and AutoAttack standard on the first test images of MNIST; then checkRobustness, which has
// to say so in words. Expected: PGD-40's robust accuracy at least 20 points above AutoAttack's, and
// a finding that another attack beats PGD. Exit code 1 otherwise.
//   --examples 200  --epsilon 2  --batch 100  --weights <file>  --seed 0  --steps 100 (of
//   AutoAttack and FAB-T)  --queries 5000 (of AutoAttack's Square)
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '../../packages/core/dist/gradients.js';
import { apgdCe, autoattack, fabT, fgsm, pgd, square } from '../../packages/attacks/dist/index.js';
import { registerOnnxRuntime } from '../../packages/backend-onnxruntime/dist/index.js';
import { mnist } from '../../packages/datasets/dist/index.js';
import { checkRobustness, evaluate } from '../../packages/evaluation/dist/index.js';
import { loadModelFile } from '../../packages/models/dist/node.js';

const { values } = parseArgs({
  options: {
    examples: { type: 'string', default: '200' },
    epsilon: { type: 'string', default: '2' },
    batch: { type: 'string', default: '100' },
    seed: { type: 'string', default: '0' },
    steps: { type: 'string', default: '100' },
    queries: { type: 'string', default: '5000' },
    weights: {
      type: 'string',
      default: fileURLToPath(new URL('../../tooling/bench/nets/lenet5-pgd.safetensors', import.meta.url)),
    },
    json: { type: 'boolean', default: false },
  },
});
const {
  examples,
  epsilon,
  batch: batchSize,
  seed,
  steps,
  queries,
} = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));

tf.enableProdMode();
registerOnnxRuntime({ deterministic: true });
await tf.setBackend('onnxruntime');
const model = await loadModelFile(values.weights);
const data = (await mnist()).test.take(examples);

const threat = { norm: 'l2', epsilon };
const attacks = {
  'pgd-40': pgd({ steps: 40 }),
  'pgd-200': pgd({ steps: 200 }),
  'apgd-ce': apgdCe({ steps }),
  'fab-t': fabT({ steps }),
  square: square({ queries: Math.min(queries, 1000) }),
  autoattack: autoattack({ steps, queries }),
};
const { result } = await evaluate({
  model,
  data,
  batchSize,
  seed,
  attacks: Object.entries(attacks).map(([label, attack]) => ({ label, attack, ...threat })),
});
const robust = Object.fromEntries(result.attacks.map(({ label, points }) => [label, points[0].robust.rate]));
const { findings } = await checkRobustness({
  model,
  data,
  threat,
  examples: Math.min(examples, 100),
  seed,
  attacks: {
    iterative: attacks['pgd-40'],
    longer: attacks['pgd-200'],
    singleStep: fgsm(),
    blackBox: attacks.square,
    other: attacks['fab-t'],
  },
});
const gap = robust['pgd-40'] - robust.autoattack;
const saysSo = findings.some(({ name }) => /^(other-attack|black-box)-beats-white-box$/.test(name));
if (values.json)
  console.log(JSON.stringify({ examples, epsilon, seed, clean: result.clean.rate, robust, gap, findings }));
else {
  console.log(`clean ${(100 * result.clean.rate).toFixed(1)}%`);
  for (const [label, rate] of Object.entries(robust)) console.log(`${label} ${(100 * rate).toFixed(1)}%`);
  for (const { severity, name, value, meaning } of findings)
    console.log(`${severity}: ${name} ${value.toFixed(2)}: ${meaning}`);
}
if (gap < 0.2 || !saysSo) process.exitCode = 1;
