import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { fgsm, pgd } from '@advrob/attacks';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import type { Analysis, AnalysisContext, Classifier, Json } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { analysisContract } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import { fromFunction, fromLayersModel } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin, { flatness, linear, smoothness, surface } from './index.js';
import { readFixture, tanhNetwork, type Fixture } from '../test/support/tanh-network.js';

let fixture: Fixture;
beforeAll(async () => {
  await tf.setBackend('cpu');
  fixture = await readFixture();
});

const small = { examples: 7, batchSize: 4 };
const analyses: Record<keyof typeof plugin.analyses, () => Analysis<'model'>> = {
  smoothness: () => smoothness({ ...small, directions: 1, steps: [1e-2, 1e-3] }),
  'loss-surface': () => surface({ ...small, points: 3, attack: pgd({ steps: 2 }) }),
  flatness: () => flatness({ ...small, directions: 2, attack: fgsm() }),
  'linear-smoothness': () => linear({ size: 4, count: 5, pairs: 3 }),
};

/** The same network and data each time. */
async function context(model?: Classifier): Promise<Omit<AnalysisContext<'model'>, 'memo'>> {
  const own = await tanhNetwork(fixture);
  return {
    models: { model: model ?? own.model },
    data: own.data,
    threat: createThreat({ norm: 'linf', epsilon: 0.1 }, [0, 1]),
    rng: createRandom({ seed: 1 }),
  };
}
const memo = <T>(_: string, compute: () => Promise<T>): Promise<T> => compute();

describe.each(Object.entries(analyses))('analysis %s', (_, make) => {
  for (const { name, run } of analysisContract(make(), context)) it(name, run);
});

it('every analysis of the plugin has its row above', () => {
  expect(Object.keys(analyses).sort()).toEqual(Object.keys(plugin.analyses).sort());
});

it('measures clean, Linf and L2 at matched budgets, whatever the threat', async () => {
  for (const norm of ['linf', 'l2'] as const) {
    const given = { ...(await context()), threat: createThreat({ norm, epsilon: 0.2 }, [0, 1]), memo };
    const { arms } = await smoothness({ ...small, directions: 1, steps: [1e-2, 1e-3], eigenvalue: false }).analyze(
      given,
    );
    const epsilons = Object.fromEntries(arms.map(({ name, epsilon }) => [name, epsilon]));
    expect(epsilons['clean']).toBe(0);
    expect(epsilons['l2']! / epsilons['linf']!).toBeCloseTo(2, 10); // the square root of 4 inputs
    expect(epsilons[norm]).toBe(0.2);
  }
});

// The README's tolerances: losses 1e-4; differences of them, eigenvalues and ratios 1e-2, all
// relative, with a floor for what is nearly 0.
const onLayers: readonly [string, () => Analysis<'model'>, number][] = [
  ['loss-surface', () => surface({ ...small, axes: 1, points: 3 }), 1e-4],
  ['flatness', () => flatness({ ...small, directions: 1, gammas: [0.01] }), 1e-2],
  ['smoothness', () => smoothness({ ...small, directions: 1, steps: [1e-1, 1e-2], eigenvalue: false }), 1e-2],
];
it.each(onLayers)('%s treats a LayersModel, and agrees on cpu and onnxruntime', async (_, make, tolerance) => {
  const dense = (units: number, seed: number) => ({
    units,
    kernelInitializer: tfl.initializers.glorotNormal({ seed }),
  });
  const layers = tfl.sequential({
    layers: [tfl.layers.dense({ ...dense(5, 1), inputShape: [4], activation: 'tanh' }), tfl.layers.dense(dense(3, 2))],
  });
  const values = await Promise.all(
    layers.getWeights().map(async (weight) => ({ shape: weight.shape, data: await weight.data() })),
  );
  registerOnnxRuntime({ deterministic: true, threads: 1 });
  const reports: number[][] = [];
  for (const backend of ['cpu', 'onnxruntime']) {
    await tf.setBackend(backend);
    layers.setWeights(values.map(({ shape, data }) => tf.tensor(data, shape)));
    const given = { ...(await context(await fromLayersModel(layers, { bounds: [0, 1] }))), memo };
    reports.push(numbersOf(await make().analyze(given)));
  }
  await tf.setBackend('cpu');
  const [cpu, native] = reports as [number[], number[]];
  expect(native).toHaveLength(cpu.length);
  cpu.forEach((value, i) =>
    expect(Math.abs(native[i]! - value)).toBeLessThanOrEqual(tolerance * Math.abs(value) + 1e-4),
  );
});

it('refuses a model without weights by name of the reason', async () => {
  const model = await fromFunction((x) => tf.matMul(x as tf.Tensor2D, tf.ones([4, 3])), {
    inputShape: [4],
    bounds: [0, 1],
  });
  const given = { ...(await context(model)), memo };
  for (const make of [smoothness, surface, flatness])
    await expect(make().analyze(given)).rejects.toThrow(/this model names none: pass { weights }.*ADVROB_ANALYSIS/);
  const frozen = { ...model, buffers: { kernel: tf.variable(tf.ones([4, 3]), false) } };
  for (const make of [smoothness, surface, flatness])
    await expect(make().analyze({ ...given, models: { model: frozen } })).rejects.toThrow(
      /constants, as those of a tfjs GraphModel.*logit-statistics/,
    );
});

/** Every number of a JSON value, in order. */
function numbersOf(value: Json): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((part) => numbersOf(part as Json));
}
