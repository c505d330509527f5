// Our side of the benches `attacks` and `peers` on a tfjs backend (first argument). The case is JSON
// { net, attack, examples, norm?, epsilon (null: without a bound), dropping } with { steps, stepSize } for pgd and apgd-ce, or { options } for any attack.
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '../../../packages/core/dist/gradients.js';
import plugin, { apgdCe, pgd } from '../../../packages/attacks/dist/index.js';
import { loadModel } from '../../../packages/models/dist/index.js';
import { multiplyAdds } from '../nets/multiply-adds.mjs';
import { images } from '../nets/noise.mjs';
import { resnet18 } from '../nets/resnet18.mjs';
import { serve } from './serve.mjs';
import { useBackend } from './tfjs-backends.mjs';

tf.enableProdMode();
await useBackend(tf, process.argv[2]);

/** The trained LeNet-5 with the images and labels of the file that both sides read. */
function trained({ examples }) {
  const file = readFileSync(process.env.ADVROB_BENCH_IMAGES);
  const values = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
  const labels = values.slice((values.length / 785) * 784);
  return {
    model: loadModel(readFileSync(process.env.ADVROB_BENCH_WEIGHTS)),
    x: tf.tensor4d(values.slice(0, examples * 784), [examples, 28, 28, 1]),
    y: tf.tensor1d(Int32Array.from(labels.slice(0, examples)), 'int32'),
  };
}

/** ResNet-18 with drawn weights; the labels are its predictions. */
function drawn({ examples }) {
  const net = resnet18(tf);
  const logits = (x) => tf.tidy(() => net.logits(x, { training: false }));
  const x = images(tf, [examples, ...net.inputShape]);
  const y = tf.tidy(() => tf.cast(tf.argMax(logits(x), 1), 'int32'));
  const weights = Object.fromEntries(net.trainable.map((variable, i) => [String(i), variable]));
  return { model: { inputShape: net.inputShape, numClasses: 10, bounds: [0, 1], weights, logits }, x, y };
}

async function setup(given, batch) {
  const parameters = JSON.parse(given);
  const { model, x, y } = { lenet5: trained, resnet18: drawn }[parameters.net](parameters);
  const { norm = 'linf', epsilon, options } = parameters;
  const make = (steps) => {
    if (options !== undefined) return plugin.attacks[parameters.attack](options);
    return parameters.attack === 'pgd' ? pgd({ steps, stepSize: parameters.stepSize }) : apgdCe({ steps });
  };
  const threat = { norm, epsilon: epsilon ?? Infinity };
  const found = { fooled: 0, seen: 0, distances: [] };

  /** How many examples of the batch from `at` on are fooled. Without dropping all rows make all steps, and the last points are classified once more. */
  async function attackAt(at, attack, seed) {
    const [part, labels] = [tf.slice(x, at, batch), tf.slice(y, at, batch)];
    const ids = Int32Array.from({ length: batch }, (_, i) => at + i);
    try {
      if (parameters.dropping) {
        const { success, adversarial, distance } = await attack.run(model, part, labels, threat, { ids, seed });
        adversarial.dispose();
        found.distances.push(...distance.filter((each) => each > 0));
        return success.filter(Boolean).length;
      }
      const adv = await attack.maximize(model, part, labels, threat, { ids, seed });
      const fooled = tf.tidy(() => tf.sum(tf.cast(tf.notEqual(tf.argMax(model.logits(adv), 1), labels), 'float32')));
      const [count] = await fooled.data();
      tf.dispose([adv, fooled]);
      return count;
    } finally {
      tf.dispose([part, labels]);
    }
  }

  const first = tf.slice(x, 0, batch);
  const [logits, loss] = tf.tidy(() => {
    const all = model.logits(first);
    const labels = tf.oneHot(tf.slice(y, 0, batch), 10);
    return [tf.slice(all, [0, 0], [1, 10]), tf.losses.softmaxCrossEntropy(labels, all)];
  });
  const described = {
    params: Object.values(model.weights).reduce((total, variable) => total + variable.size, 0),
    macs: await multiplyAdds(tf, () => model.logits(first)),
    logits: [...(await logits.data())],
    loss: (await loss.data())[0],
  };
  tf.dispose([first, logits, loss]);
  // Compiles, and lets filters settle.
  if (options === undefined) await attackAt(0, make(parameters.attack === 'pgd' ? 6 : 12), 0);
  let [at, seed] = [0, 0];
  return {
    described,
    async step() {
      found.fooled += await attackAt(at, make(parameters.steps), seed);
      found.seen += batch;
      at = (at + batch) % x.shape[0];
      if (at === 0) seed++;
    },
    facts: () => ({
      robust: 1 - found.fooled / found.seen,
      fooled: found.fooled / found.seen,
      distance: found.distances.reduce((sum, each) => sum + each, 0) / found.distances.length || null,
    }),
  };
}

await serve(setup);
