// Trains the LeNet-5 of the bench `attacks` against PGD in Linf at 0.3 on MNIST, and measures it:
//   node tooling/bench/nets/train-lenet5.mjs [--out lenet5-pgd.safetensors]
// It has Madry's layers with fewer filters and units (16 and 32 filters, 32 units: 63,786 weights, about as many as LeCun's), so that its weights fit into
// the repository. Every number of the run is written here; its weights classify
// 97.2% of the first 1,000 test images rightly, and 82.9% under PGD-20.
//   --steps 6000  --batch 64  --rate 0.001  --epsilon 0.3  --attack-steps 5  --attack-step-size 0.1  --channels 16,32  --hidden 32
//   --warm-up 0.4 (share of the run in which epsilon grows)  --from <file> (weights to go on from)  --threads 2
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '../../../packages/core/dist/gradients.js';
import { pgd } from '../../../packages/attacks/dist/index.js';
import { registerOnnxRuntime } from '../../../packages/backend-onnxruntime/dist/index.js';
import { mnist } from '../../../packages/datasets/dist/index.js';
import { lenet5 } from '../../../packages/models/dist/index.js';
import { loadModelFile, saveModelFile } from '../../../packages/models/dist/node.js';
import { adam, fit, pgdAt } from '../../../packages/training/dist/index.js';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'lenet5-pgd.safetensors' },
    steps: { type: 'string', default: '6000' },
    batch: { type: 'string', default: '64' },
    rate: { type: 'string', default: '0.001' },
    epsilon: { type: 'string', default: '0.3' },
    'attack-steps': { type: 'string', default: '5' },
    'attack-step-size': { type: 'string', default: '0.1' },
    channels: { type: 'string', default: '16,32' },
    hidden: { type: 'string', default: '32' },
    'warm-up': { type: 'string', default: '0.4' },
    from: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
});

tf.enableProdMode();
registerOnnxRuntime({ deterministic: true, threads: Number(values.threads) });
await tf.setBackend('onnxruntime');

const { train, test } = await mnist();
const shape = { channels: values.channels.split(',').map(Number), hidden: Number(values.hidden) };
const model = values.from ? await loadModelFile(values.from) : lenet5(shape)(0);
const threat = { norm: 'linf', epsilon: Number(values.epsilon) };
const start = performance.now();
await fit({
  model,
  data: train,
  objective: pgdAt(),
  attack: pgd({ steps: Number(values['attack-steps']), stepSize: Number(values['attack-step-size']) }),
  threat,
  optimizer: adam(),
  learningRate: Number(values.rate),
  schedule: { name: 'cosine' },
  ...(Number(values['warm-up']) > 0 && {
    epsilonSchedule: { name: 'warm-up', length: Number(values['warm-up']), unit: 'run' },
  }),
  steps: Number(values.steps),
  batchSize: Number(values.batch),
  seed: 0,
  logEvery: 100,
  onEvent(event) {
    if (event.type !== 'metrics') return;
    const minutes = ((performance.now() - start) / 60000).toFixed(1);
    process.stderr.write(`${minutes} min: ${JSON.stringify({ step: event.step, loss: event.loss.total })}\n`);
  },
});
await saveModelFile(model, values.out);
process.stdout.write(`${values.out}: ${JSON.stringify(await accuracies(model, test.take(1000)))}\n`);
model.dispose();

/** Shares of examples classified rightly, clean and under PGD-20 with steps of 0.03 from one random start. */
async function accuracies(trained, data) {
  let [clean, robust] = [0, 0];
  for await (const { x, y, ids } of data.batches({ size: 250 })) {
    const labels = await y.data();
    const attack = pgd({ steps: 20, stepSize: threat.epsilon / 10 });
    const { cleanPrediction, success, adversarial } = await attack.run(trained, x, y, threat, { ids });
    clean += cleanPrediction.filter((label, i) => label === labels[i]).length;
    robust += success.filter((fooled) => !fooled).length;
    tf.dispose([x, y, adversarial]);
  }
  return { examples: data.length, clean: clean / data.length, pgd20: robust / data.length };
}
