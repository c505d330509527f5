// What the studies share: arguments, backend, data and the measurement. They run
// on the built packages (`pnpm build`).
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '../../packages/core/dist/gradients.js';
import { pgd } from '../../packages/attacks/dist/index.js';
import { registerOnnxRuntime } from '../../packages/backend-onnxruntime/dist/index.js';
import { cifar10, fashionMnist, mnist } from '../../packages/datasets/dist/index.js';
import { compactCnn, mlp } from '../../packages/models/dist/index.js';

/**
 * Reads --seeds, --train, --test, --epochs, --epsilon, --hidden and what else has a default here,
 * --fashion <folder> or --cifar <folder> (Fashion-MNIST, or the first file of CIFAR-10, in place of
 * MNIST), --held-out (measures on the validation split, for choosing settings), --json (lines
 * instead of tables), --report <file> (where the results are put), --figures <folder> and --few
 * (fewer arms).
 */
export function readArguments(defaults) {
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(
        Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: String(value) }]),
      ),
      json: { type: 'boolean', default: false },
      fashion: { type: 'string' },
      cifar: { type: 'string' },
      report: { type: 'string' },
      figures: { type: 'string' },
      few: { type: 'boolean', default: false },
      'held-out': { type: 'boolean', default: false },
    },
  });
  const { json, fashion, cifar, report, figures, few, 'held-out': heldOut, ...rest } = values;
  for (const folder of [fashion, cifar])
    if (folder !== undefined && !existsSync(folder)) {
      console.log(`skipped: there is no folder ${folder}`);
      process.exit();
    }
  const numbers = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, Number(value)]));
  if (!Object.values(numbers).every((value) => value > 0)) throw new Error('every number must be above 0');
  if (!(numbers.seeds >= 2 && numbers.seeds <= 10)) throw new Error('--seeds must be from 2 to 10');
  return {
    ...numbers,
    json,
    few,
    heldOut,
    ...(fashion && { fashion }),
    ...(cifar && { cifar }),
    ...(report && { report }),
    ...(figures && { figures }),
  };
}

/**
 * Native backend, the data cut to size, a maker of models (an MLP with `hidden` units, for CIFAR-10
 * a small convolution network), and for CIFAR-10 a growing epsilon.
 */
export async function open({ train, test, hidden, fashion, cifar, heldOut = false }) {
  tf.enableProdMode();
  registerOnnxRuntime({ deterministic: true, threads: 1 });
  await tf.setBackend('onnxruntime');
  const data = await (cifar
    ? cifar10({ directory: cifar, trainFiles: [1] })
    : fashion
      ? fashionMnist({ directory: fashion })
      : mnist());
  // The usual mean and deviation of CIFAR-10's channels.
  const colours = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] };
  const make = cifar ? compactCnn({ inputShape: [32, 32, 3], ...colours }) : mlp({ hidden: [hidden] });
  return {
    train: data.train.take(train),
    test: (heldOut ? data.validation : data.test).take(test),
    makeModel: (seed) => make(seed),
    // At 8/255 from the first step the small network falls into a constant answer and stays there.
    epsilonSchedule: cifar ? { name: 'warm-up', length: 5 } : { name: 'constant' },
  };
}

/**
 * Clean accuracy, accuracy under PGD-20 with cross-entropy and with the margin loss, on the test
 * examples.
 */
export async function measure(model, test, threat, marginLoss) {
  const sums = { clean: 0, pgd20: 0, margin20: 0 };
  const attack = pgd({ steps: 20 });
  for await (const { x, y, ids } of test.batches({ size: 250 })) {
    const labels = await y.data();
    const results = {
      pgd20: await attack.run(model, x, y, threat, { seed: 0, ids }),
      margin20: await attack.run(model, x, y, threat, { seed: 0, ids, loss: marginLoss }),
    };
    sums.clean += results.pgd20.cleanPrediction.reduce((sum, label, i) => sum + (label === labels[i] ? 1 : 0), 0);
    for (const [name, { success, adversarial }] of Object.entries(results)) {
      sums[name] += success.reduce((sum, fooled) => sum + (fooled ? 0 : 1), 0);
      adversarial.dispose();
    }
    tf.dispose([x, y]);
  }
  return Object.fromEntries(Object.entries(sums).map(([name, count]) => [name, count / test.length]));
}
