import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '../../packages/core/dist/random.js';
import { meanCrossEntropy } from '../../packages/core/dist/losses.js';

/**
 * Follows the gradient of the adversarial loss on one fixed batch along the updates of an optimizer. The attack must be deterministic; the model is
 * in eval mode.
 *
 * - K2: |g' - g| / |w' - w| of two iterates, once for updates `stride` apart and once for neighbours (equal when the stride is 1).
 * - K1: the same between an iterate and the point `nearby |w|` away in a random direction, which no optimizer chose: the smoothness of the place.
 *
 * @param probe {x, y, ids} of the batch.
 * @returns `watch(binding)`, an optimizer that measures on its way, and the lists `paths`: { strided, neighbours, near, lengths }.
 */
export function followGradient({ attack, threat, probe, stride, nearby, seed }) {
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
