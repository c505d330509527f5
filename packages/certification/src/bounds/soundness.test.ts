import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier } from '@advrob/core';
import { resolveThreat } from '@advrob/core/threat';
import { layerGraph } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { inFloat64 } from '../../test/float64.js';
import { random } from '../../test/nets.js';
import { randomNet } from '../../test/random-net.js';
import { ballsAround } from './input-set.js';
import { marginRows, solve } from './solve.js';

/** So many nets, from this seed on; more by ADVROB_SOUNDNESS_NETS and ADVROB_SOUNDNESS_SEED. */
const nets = Number(process.env['ADVROB_SOUNDNESS_NETS'] ?? 60);
const firstSeed = Number(process.env['ADVROB_SOUNDNESS_SEED'] ?? 1);

type Norm = 'linf' | 'l2' | 'l1';

/** Points of a ball and of [0, 1]: corners, random ones, and where steps of gradient descent end. */
async function pointsOf(
  model: Classifier,
  x: Float32Array,
  label: number,
  norm: Norm,
  epsilon: number,
  draw: () => number,
): Promise<Float32Array[]> {
  const size = x.length;
  const threat = resolveThreat({ norm, epsilon }, model.bounds);
  const count = 48;
  const values = Float32Array.from({ length: count * size }, (_, i) => {
    const step = i < (count * size) / 2 ? Math.sign(draw()) : draw();
    return x[i % size]! + step * epsilon;
  });
  const points = tf.tidy(() => {
    const clean = tf.tile(tf.tensor(x, [1, ...model.inputShape]), [count, ...model.inputShape.map(() => 1)]);
    let adv = threat.project(tf.tensor(values, clean.shape), clean);
    const margin = (at: tf.Tensor): tf.Tensor => {
      const logits = model.logits(at);
      const own = tf.slice(logits, [0, label], [count, 1]);
      const others = tf.sub(logits, tf.mul(tf.oneHot(tf.tensor1d([label], 'int32'), model.numClasses), 1e9));
      return tf.sum(tf.sub(own, tf.max(others, 1, true)));
    };
    const gradient = tf.grad(margin);
    for (const step of [0.5, 0.25, 0.25, 0.1])
      adv = threat.project(tf.add(adv, tf.mul(threat.steepestAscent(tf.neg(gradient(adv))), step * epsilon)), clean);
    return adv;
  });
  const all = (await points.data()) as Float32Array;
  points.dispose();
  return Array.from({ length: count }, (_, i) => all.slice(i * size, (i + 1) * size)).filter((point) => {
    const differences = Array.from(point, (value, i) => Math.abs(value - x[i]!));
    const length = {
      linf: Math.max(...differences),
      l2: Math.hypot(...differences),
      l1: differences.reduce((a, b) => a + b, 0),
    };
    return length[norm] <= epsilon && point.every((value) => value >= 0 && value <= 1);
  });
}

it(`is never above what is found, in ${nets} random nets from seed ${firstSeed} on`, async () => {
  let [violations, tightest] = [0, Infinity];
  const costs: number[] = [];
  for (let seed = firstSeed; seed < firstSeed + nets; seed++) {
    const draw = random(seed * 7 + 3);
    const { model, what, dispose } = await randomNet(seed);
    const graph = await layerGraph(model);
    const exact = await inFloat64(graph);
    const size = graph.inputShape.reduce((product, side) => product * side, 1);
    const x = Float32Array.from({ length: size }, () => (draw() + 1) / 2);
    const norm = (['linf', 'l2', 'l1'] as const)[seed % 3]!;
    const epsilon = 10 ** (-1.5 + draw() * 1.2) * (norm === 'linf' ? 1 : 2);
    const label = exact(x).reduce((best, z, i, all) => (z > all[best]! ? i : best), 0);
    const points = [x, ...(await pointsOf(model, x, label, norm, epsilon, draw))].map(exact);
    const rows = marginRows([label], 3);
    const least = [0, 1].map((row) => Math.min(...points.map((z) => z[label]! - z[row < label ? row : row + 1]!)));
    const set = ballsAround(x, graph.inputShape, { norm, epsilon, bounds: [0, 1] });
    for (const method of ['ibp', 'crown-ibp', 'crown'] as const) {
      const outward = await solve(graph, set, rows, { method, isOutward: true, memory: 2 ** 22, tile: 2 });
      if (seed % 10 === 0) {
        const plain = await solve(graph, set, rows, { method, isOutward: false, memory: 2 ** 22 });
        plain.bounds.forEach((bound, row) => costs.push((bound - outward.bounds[row]!) / (1 + Math.abs(bound))));
      }
      outward.bounds.forEach((bound, row) => {
        tightest = Math.min(tightest, least[row]! - bound);
        if (bound <= least[row]!) return;
        violations++;
        console.error(`seed ${seed}: ${method}, ${norm} ${epsilon}: ${bound} > ${least[row]!}: ${what}`);
      });
    }
    graph.dispose();
    dispose();
    if ((seed - firstSeed + 1) % 500 === 0) console.log(`${seed - firstSeed + 1} nets: ${violations} violations`);
  }
  const cost = costs.sort((a, b) => a - b)[Math.floor(costs.length / 2)]!;
  console.log(
    `${nets} nets from seed ${firstSeed}: ${violations} violations, least room ${tightest.toExponential(2)}, rounding costs ${cost.toExponential(2)} in the middle`,
  );
  expect(violations).toBe(0);
  // Bounds that are never near would pass, too.
  expect(tightest).toBeLessThan(1e-3);
  expect(cost).toBeLessThan(1e-4);
}, 36_000_000);
