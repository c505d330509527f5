import { pgd } from '@advrob/attacks';
import { arrayDataset } from '@advrob/datasets';
import { compactCnn } from '@advrob/models';
import { awp, fit, pgdAt, sgd, trades, type FitOptions } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { largestDifference, onBoth } from './backends.js';
import { inputShape } from './model.js';
import { refuseCpuNodes } from './no-cpu-nodes.js';

const count = 24;

beforeAll(refuseCpuNodes);

/** Noise with classes that take turns. */
function data() {
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  let state = 7;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  const inputs = Float32Array.from({ length: count * size }, next);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  return arrayDataset({ name: 'noise', inputs, labels, inputShape, numClasses: 3 });
}

async function threeSteps(method: Partial<FitOptions>): Promise<number[]> {
  const model = compactCnn({ inputShape: [...inputShape], channels: [4, 8], hidden: 8, numClasses: 3 })(0);
  await fit({
    model,
    data: data(),
    objective: pgdAt(),
    attack: pgd({ steps: 2 }),
    threat: { norm: 'linf', epsilon: 0.05 },
    optimizer: sgd({ momentum: 0.9 }),
    learningRate: 0.1,
    epochs: 1,
    batchSize: 8,
    seed: 1,
    ...method,
  } as FitOptions);
  const values = await Promise.all(Object.values(model.weights).map((weight) => weight.data()));
  tf.dispose(Object.values(model.weights));
  return values.flatMap((list) => [...list]);
}

describe('training on a GPU', () => {
  it.each([
    ['PGD-AT', {}],
    ['TRADES', { objective: trades({ beta: 2 }) }],
    ['TRADES with AWP', { objective: trades({ beta: 2 }), transforms: [awp()] }],
  ])('%s has the weights of the cpu backend after three steps', async (_, method) => {
    const [cpu, gpu] = await onBoth(() => threeSteps(method as Partial<FitOptions>));
    expect(cpu.length).toBeGreaterThan(500);
    expect(largestDifference(gpu, cpu)).toBeLessThan(1e-5);
  });
});
