// What the check of a model takes of an evaluation, by CPU time of the process: LeNet-5, 1,000 test images of MNIST, PGD-40.
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '../../packages/core/dist/gradients.js';
import { pgd } from '../../packages/attacks/dist/index.js';
import { registerOnnxRuntime } from '../../packages/backend-onnxruntime/dist/index.js';
import { mnist } from '../../packages/datasets/dist/index.js';
import { evaluate } from '../../packages/evaluation/dist/index.js';
import { checkClassifier } from '../../packages/models/dist/index.js';
import { loadModelFile } from '../../packages/models/dist/node.js';

/** Examples that the command line checks a model on, spread over the data. */
const checked = 8;
const weights = fileURLToPath(new URL('../bench/nets/lenet5-pgd.safetensors', import.meta.url));

async function cpuSeconds(body) {
  const before = process.cpuUsage();
  await body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Seconds of the check, the first thing that runs, and of the evaluation after it. */
export async function measurePreflight(examples = 1000, steps = 40) {
  tf.enableProdMode();
  registerOnnxRuntime();
  await tf.setBackend('onnxruntime');
  const { test } = await mnist();
  const data = test.take(examples);
  const model = await loadModelFile(weights);
  const indices = Int32Array.from({ length: checked }, (_, i) => Math.floor((i * examples) / checked));
  const check = await cpuSeconds(async () => {
    for await (const { x, y } of data.subset(indices).batches({ size: checked })) {
      await checkClassifier(model, 'lenet5', { x });
      tf.dispose([x, y]);
    }
  });
  const attacks = [{ attack: pgd({ steps, stepSize: 0.02 }), norm: 'linf', epsilon: 0.3 }];
  const evaluation = await cpuSeconds(() => evaluate({ model, data, name: 'lenet5', attacks, batchSize: 100 }));
  model.dispose?.();
  return { check, evaluation };
}

/** The same as lines of a page. */
export async function preflightLines() {
  const { check, evaluation } = await measurePreflight();
  const share = (100 * check) / (check + evaluation);
  return [
    `The check of a LeNet-5 takes ${check.toFixed(2)} s of CPU, ${share.toFixed(1)}% of \`evaluate\` with it: PGD-40 on 1,000 test images of MNIST takes ${evaluation.toFixed(1)} s. Both compile their graphs in this time.`,
  ];
}
