import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { createRandom } from '@advrob/core/random';
import { resnet18, smallCnn } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { contextFor, lossOf, trainedBatch, trainedNet } from '../../test/trained-net.js';
import { drawForBounds, explosion } from './fast-start.js';
import { ibp } from './ibp.js';
import { boundedPass, boxAround } from './layers.js';

beforeAll(() => tf.setBackend('cpu'));

/** Standard deviations of weights, by their names. */
function spreads(weights: Readonly<Record<string, tf.Variable>>): Record<string, number> {
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(weights)
        .filter(([, { rank }]) => rank > 1)
        .map(([name, variable]) => [name, Math.sqrt(tf.moments(variable).variance.dataSync()[0]!)]),
    ),
  );
}

it('draws every layer but the last with the deviation that keeps intervals as they are', () => {
  const model = smallCnn()(0);
  const before = spreads(model.weights);
  const tensors = tf.memory().numTensors;
  tf.tidy(() => drawForBounds(model, tf.zeros([2, ...model.inputShape]), createRandom({ seed: 4 })));
  expect(tf.memory().numTensors).toBe(tensors);
  const after = spreads(model.weights);
  const names = Object.keys(after);
  for (const [i, name] of names.entries()) {
    const { size, shape } = model.weights[name]!;
    const wanted = Math.sqrt(2 * Math.PI) / (size / shape.at(-1)!);
    if (i === names.length - 1) expect(after[name]).toBe(before[name]);
    else expect(Math.abs(after[name]! / wanted - 1), name).toBeLessThan(4 / Math.sqrt(size));
  }
  model.dispose?.();
});

it('is drawn once, at the first step, and no more after a resume', async () => {
  const model = trainedNet();
  const { filter } = model.weights;
  const values = (): number[] => Array.from(filter!.dataSync());
  const [before, context] = [values(), contextFor(model, 0.1)];
  const objective = ibp({ initialization: 'ibp' });
  const prepare = async (step: number, on = objective): Promise<void> => {
    const batch = trainedBatch();
    tf.dispose([await on.prepare(batch, { ...context, step }), batch.x, batch.y]);
  };
  await prepare(3, ibp({ initialization: 'ibp' }));
  expect(values()).toEqual(before);
  await prepare(0);
  const drawn = values();
  expect(drawn).not.toEqual(before);
  tf.tidy(() => filter!.assign(tf.mul(filter!, 2)));
  await prepare(0);
  expect(values()).toEqual(drawn.map((each) => 2 * each));
  expect(objective.state).toEqual({ isInitialized: 1 });
  model.dispose!();
});

it('measures how intervals grow, and how unequal neurons are, as computed by hand', () => {
  const found = tf.tidy(() => {
    // Radii 0.25 in, 2 before the activation; centers 3 and 1 on, -2 off, with one neuron unstable.
    const [low, high] = [tf.tensor2d([[1, 0.5, -4, -3]]), tf.tensor2d([[5, 1.5, 0.5 - 0.5 - 1e-3, 3]])];
    const node = { id: 1, inputs: [0], shape: [4], name: '' };
    const nodes = [
      { ...node, op: 'input' },
      { ...node, op: 'reshape' },
      { ...node, id: 2, inputs: [1], op: 'activation', activation: { kind: 'relu' } },
    ];
    const intervals = [
      { low: tf.tensor2d([[0, 0.5]]), high: tf.tensor2d([[0.5, 1]]) },
      { low, high },
    ];
    return explosion({ nodes, intervals, logits: low } as never).dataSync()[0]!;
  });
  const centers = [3, 1, -2.0005, 0];
  const mean = centers.reduce((a, b) => a + b) / 4;
  const radius = (2 + 0.5 + 1.9995 + 3) / 4;
  const means = 2.0005 / 4;
  const variances = (-2.0005 - mean) ** 2 / ((3 - mean) ** 2 + (1 - mean) ** 2);
  const below = (share: number): number => Math.max(0, 0.5 - Math.min(share, 1 / share)) / 0.5;
  expect(found).toBeCloseTo(Math.max(0, 0.5 - 0.25 / radius) / 0.5 + below(means) + below(variances), 5);
});

it('is a term of the loss while epsilon grows', async () => {
  const model = trainedNet();
  const at = async (factor: number, regularization: number) =>
    (await lossOf(ibp({ regularization }), model, contextFor(model, 0.1, factor))).terms;
  const [plain, half, full] = [await at(0.25, 0), await at(0.25, 2), await at(1, 2)];
  expect(half['explosion']).toBeGreaterThan(0);
  expect(half['total']).toBeCloseTo(plain['total']! + 0.75 * 2 * half['explosion']!, 5);
  expect(full['total']).toBeCloseTo((await at(1, 0))['total']!, 6);
  model.dispose!();
});

it('halves what reads a sum of branches, and keeps statistics of the batch with their gradients', () => {
  const model = resnet18({ inputShape: [8, 8, 3], width: 4 } as never)(0);
  tf.tidy(() => {
    const x = tf.randomUniform([4, 8, 8, 3], 0, 1, 'float32', 3);
    boundedPass(model, x, boxAround(x, tf.scalar(0), [0, 1]), { mode: 'probe' }, ({ logits, intervals }) => {
      // A box without width: the intervals are the logits of the batch's own statistics.
      for (const end of [intervals.at(-1)!.low, intervals.at(-1)!.high])
        expect(tf.max(tf.abs(tf.sub(end, logits))).dataSync()[0]).toBeLessThan(1e-4);
    });
    drawForBounds(model, x, createRandom({ seed: 4 }));
  });
  model.dispose?.();
});
