import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier } from '@advrob/core';
import { resolveThreat } from '@advrob/core/threat';
import { fromFunction } from '@advrob/models';
import { layerGraph } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { denseNet, random } from '../../test/nets.js';
import { bounds } from './bounds.js';
import { ballsAround, lowestExactly } from './input-set.js';
import { marginRows, solve } from './solve.js';

const tensor = (seed: number, shape: number[], scale = 1): tf.Tensor => {
  const draw = random(seed);
  const size = shape.reduce((product, side) => product * side, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => draw() * scale),
    shape,
  );
};
const image = { inputShape: [5, 4, 2], bounds: [0, 1], outputs: 'logits' } as const;

/** Bounds of a model's margins around 0.5, without room for rounding. */
async function boundsOf(
  model: Classifier,
  method: 'ibp' | 'crown-ibp' | 'crown',
  norm: 'linf' | 'l2' | 'l1' = 'linf',
  epsilon = 0.1,
): Promise<number[]> {
  const graph = await layerGraph(model);
  const size = graph.inputShape.reduce((product, side) => product * side, 1);
  const x = new Float32Array(size).fill(0.5);
  const set = ballsAround(x, graph.inputShape, { norm, epsilon, bounds: [0, 1] });
  const options = { method, isOutward: false, memory: 2 ** 22 };
  const { bounds: found } = await solve(graph, set, marginRows([0], graph.numClasses), options);
  graph.dispose();
  return [...found];
}

function expectClose(a: readonly number[], b: readonly number[], within = 1e-6): void {
  expect(a.length).toBe(b.length);
  a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(within * Math.max(1, Math.abs(b[i]!))));
}

describe('the lowest value of a linear function', () => {
  const a = [3, -1, 2, 0.5];
  const at = (norm: 'linf' | 'l2' | 'l1', epsilon: number, bounds: readonly [number, number]) =>
    lowestExactly(a, 0, ballsAround(Float32Array.of(0.5, 0.9, 0.5, 0.3), [4], { norm, epsilon, bounds }), 0) -
    (1.5 - 0.9 + 1 + 0.15);
  it('is that of the literature, in each ball cut with the bounds', () => {
    expectClose([at('l2', 0.6, [0, 1])], [-2.2534855467], 1e-7);
    expectClose([at('l2', 0.6, [-9, 9])], [-2.26495033], 1e-7);
    expectClose([at('linf', 0.6, [0, 1])], [-2.75], 1e-7);
    // 0.5 of the first, then 0.1 of the third; without bounds all of the first.
    expectClose([at('l1', 0.6, [0, 1])], [-(0.5 * 3 + 0.1 * 2)], 1e-7);
    expectClose([at('l1', 0.6, [-9, 9])], [-1.8], 1e-7);
  });
  it('is never above any point', () => {
    const draw = random(5);
    for (let i = 0; i < 200; i++) {
      const norm = (['l2', 'l1'] as const)[i % 2]!;
      const x = Float32Array.from({ length: 5 }, () => (draw() + 1) / 2);
      const c = Array.from({ length: 5 }, draw);
      const set = ballsAround(x, [5], { norm, epsilon: 0.4, bounds: [0, 1] });
      const least = lowestExactly(c, 0, set, 0);
      for (let k = 0; k < 50; k++) {
        const d = Array.from({ length: 5 }, draw);
        const length = norm === 'l2' ? Math.hypot(...d) : d.reduce((sum, each) => sum + Math.abs(each), 0);
        const point = d.map((each, j) => Math.min(1, Math.max(0, x[j]! + (each / length) * 0.4)));
        expect(c.reduce((sum, each, j) => sum + each * point[j]!, 0)).toBeGreaterThanOrEqual(least);
      }
    }
  });
});

describe('a linear net', () => {
  it.each([
    ['linf', 'l1'],
    ['l2', 'l2'],
    ['l1', 'linf'],
  ] as const)('has the dual norm in %s', async (norm, dual) => {
    const draw = random(3);
    const w = [0, 1].map(() => Array.from({ length: 4 }, draw));
    const model = await denseNet([{ w, b: [0.3, -0.2] }]);
    const difference = w[0]!.map((each, i) => each - w[1]![i]!);
    const lengths = {
      l1: difference.reduce((sum, each) => sum + Math.abs(each), 0),
      l2: Math.hypot(...difference),
      linf: Math.max(...difference.map(Math.abs)),
    };
    const clean = difference.reduce((sum, each) => sum + each * 0.5, 0.5);
    for (const method of ['ibp', 'crown-ibp', 'crown'] as const)
      expectClose(await boundsOf(model, method, norm), [clean - 0.1 * lengths[dual]]);
  });
});

it('is exact where no neuron changes its sign', async () => {
  const draw = random(9);
  const rows = (outputs: number, inputs: number) =>
    Array.from({ length: outputs }, () => Array.from({ length: inputs }, draw));
  const [w1, w2] = [rows(6, 3), rows(2, 6)];
  // Far from 0 for every input: the first half always on, the others always off.
  const b = [9, 9, 9, -9, -9, -9];
  const model = await denseNet([
    { w: w1, b },
    { w: w2, b: [0, 0] },
  ]);
  const on = [0, 1, 2];
  const difference = [0, 1, 2].map((i) => on.reduce((sum, k) => sum + (w2[0]![k]! - w2[1]![k]!) * w1[k]![i]!, 0));
  const constant = on.reduce((sum, k) => sum + (w2[0]![k]! - w2[1]![k]!) * 9, 0);
  const clean = difference.reduce((sum, each) => sum + each * 0.5, constant);
  const exact = clean - 0.1 * difference.reduce((sum, each) => sum + Math.abs(each), 0);
  expectClose(await boundsOf(model, 'crown'), [exact]);
  expectClose(await boundsOf(model, 'crown-ibp'), [exact]);
});

describe('the same function in other layers', () => {
  const [filter, bias, last] = [tensor(1, [3, 3, 2, 3], 0.4), tensor(2, [3], 0.3), tensor(3, [18, 3])];
  const conv = (x: tf.Tensor): tf.Tensor => tf.add(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, 'same'), bias);
  const head = (x: tf.Tensor): tf.Tensor => tf.matMul(tf.reshape(x, [x.shape[0]!, 18]), last as tf.Tensor2D);
  const methods = ['ibp', 'crown-ibp', 'crown'] as const;

  it('a convolution is its matrix', async () => {
    // Columns are what the convolution makes of each pixel.
    const matrix = tf.tidy(() => tf.reshape(tf.sub(conv(tf.reshape(tf.eye(40), [40, 5, 4, 2])), bias), [40, 18]));
    const model = await fromFunction((x) => head(tf.relu(conv(x))), image);
    const dense = await fromFunction((x) => {
      const product = tf.matMul(tf.reshape(x, [x.shape[0]!, 40]), matrix as tf.Tensor2D);
      return head(tf.relu(tf.add(product, tf.reshape(tf.tile(bias, [6]), [1, 18]))));
    }, image);
    for (const method of methods)
      for (const norm of ['linf', 'l2'] as const)
        expectClose(await boundsOf(model, method, norm), await boundsOf(dense, method, norm), 3e-6);
  });

  it('normalisation with any sign of its scale is folded', async () => {
    const [mean, variance, offset, scale] = [
      tensor(4, [3], 0.3),
      tf.add(tf.abs(tensor(5, [3])), 0.2),
      tensor(6, [3], 0.4),
      tf.tensor1d([-1.5, 0.8, -0.3]),
    ];
    const separate = await fromFunction((x) => {
      const normalized = tf.batchNorm(
        conv(x) as tf.Tensor4D,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale,
        1e-3,
      );
      return head(tf.relu(normalized));
    }, image);
    const factor = tf.div(scale, tf.sqrt(tf.add(variance, 1e-3)));
    const folded = await fromFunction((x) => {
      const product = tf.conv2d(x as tf.Tensor4D, tf.mul(filter, factor) as tf.Tensor4D, 2, 'same');
      return head(tf.relu(tf.add(product, tf.add(tf.mul(tf.sub(bias, mean), factor), offset))));
    }, image);
    for (const method of methods) expectClose(await boundsOf(separate, method), await boundsOf(folded, method), 3e-6);
  });

  it('a pooling of one pixel, and pads that never win, change nothing', async () => {
    const model = await fromFunction((x) => head(tf.relu(conv(x))), image);
    const pooled = await fromFunction((x) => head(tf.maxPool(tf.relu(conv(x)) as tf.Tensor4D, 1, 1, 'valid')), image);
    for (const method of methods) expectClose(await boundsOf(pooled, method), await boundsOf(model, method));
    // All values are below 0: a pad of 0 would win.
    const below = await fromFunction((x) => head(tf.maxPool(tf.sub(conv(x), 9) as tf.Tensor4D, 3, 1, 'same')), image);
    const [bound] = await boundsOf(below, 'ibp', 'linf', 1e-4);
    const clean = tf.tidy(() => [...below.logits(tf.fill([1, 5, 4, 2], 0.5)).dataSync()]);
    expect(Math.abs(bound! - (clean[0]! - clean[1]!))).toBeLessThan(0.05);
  });

  it('branches are followed together: x - x is 0', async () => {
    const model = await fromFunction((x) => {
      const z = conv(x);
      return head(tf.relu(tf.add(tf.sub(z, z), 1)));
    }, image);
    const clean = tf.tidy(() => [...model.logits(tf.fill([1, 5, 4, 2], 0.5)).dataSync()]);
    expectClose(await boundsOf(model, 'crown'), [clean[0]! - clean[1]!, clean[0]! - clean[2]!], 1e-5);
    const intervals = await boundsOf(model, 'ibp');
    intervals.forEach((bound, i) => expect(bound).toBeLessThan(clean[0]! - clean[i + 1]! - 0.1));
  });
});

describe('the certifier', () => {
  const layers = [
    {
      w: [
        [1, -1],
        [-1, 1],
      ],
      b: [0, 0],
    },
    {
      w: [
        [1, 1],
        [0, 0],
      ],
      b: [0, 0.3],
    },
  ];
  it('does not depend on the batch, and finds a radius that it can show', async () => {
    const model = await denseNet(layers);
    const x = tf.tensor2d([
      [0.5, 0.5],
      [0.4, 0.45],
      [0.9, 0.1],
      [0.2, 0.25],
    ]);
    const y = tf.tensor1d([1, 1, 1, 1], 'int32');
    const threat = resolveThreat({ norm: 'linf', epsilon: 0.1 }, [0, 1]);
    const before = tf.memory().numTensors;
    const all = await bounds({ method: 'crown', radius: true }).certify(model, x, y, threat);
    expect(tf.memory().numTensors).toBe(before);
    expect(all.verdicts).toEqual(['certified', 'certified', 'falsified', 'certified']);
    expect([...all.prediction]).toEqual([1, 1, 0, 1]);
    // |x0 - x1| < 0.3 holds up to 0.15 around the diagonal.
    expect(all.radius![0]!).toBeGreaterThan(0.149);
    expect(all.radius![0]!).toBeLessThanOrEqual(0.15);
    expect(all.radius![2]!).toBe(0);
    const alone = await bounds({ method: 'crown', radius: true }).certify(
      model,
      tf.slice(x, 1, 1),
      tf.slice(y, 1, 1),
      threat,
    );
    expect(alone.margin![0]).toBe(all.margin![1]);
    expect(alone.radius![0]).toBe(all.radius![1]);
  });
  it('says what its certificates hold for', () => {
    const threat = resolveThreat({ norm: 'l2', epsilon: 0.5 }, [0, 1]);
    expect(bounds({ method: 'ibp', rounding: 'none' }).statement(threat)).toMatchObject({
      kind: 'deterministic',
      of: 'model',
      rounding: 'none',
    });
  });
  it('refuses what it cannot treat before it begins', async () => {
    const model = await denseNet(layers);
    const threat = resolveThreat({ norm: 'l0', epsilon: 1 }, [0, 1]);
    const [x, y] = [tf.zeros([1, 2]), tf.zeros([1], 'int32')];
    await expect(bounds().certify(model, x, y, threat)).rejects.toThrow(/ADVROB_CERTIFY/);
    const odd = await fromFunction((input) => tf.sin(input), { inputShape: [2], bounds: [0, 1], outputs: 'logits' });
    const linf = resolveThreat({ norm: 'linf', epsilon: 0.1 }, [0, 1]);
    await expect(bounds().certify(odd, x, y, linf)).rejects.toThrow(/kernel Sin/);
    await expect(bounds({ method: 'bab', radius: true }).certify(model, x, y, linf)).rejects.toThrow(/radius/);
  });
});
