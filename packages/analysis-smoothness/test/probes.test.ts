import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { bim, pgd } from '@advrob/attacks';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import { createRandom } from '@advrob/core/random';
import { linearClassifier } from '@advrob/core/testing';
import { arrayDataset } from '@advrob/datasets';
import { fromFunction } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attacked, probeExamples, type ProbeExamples } from '../src/probes/examples.js';
import { awpFlatness, inputFlatness } from '../src/probes/flatness.js';
import { gradientPath } from '../src/probes/gradient-path.js';
import { lossGradient, meanLoss } from '../src/probes/loss-gradient.js';
import { lossSurface } from '../src/probes/loss-surface.js';
import { smoothnessRatio } from '../src/probes/smoothness-ratio.js';
import { topEigenvalue } from '../src/probes/top-eigenvalue.js';
import { readFixture, tanhNetwork, type Fixture } from './support/tanh-network.js';

const random = createRandom({ seed: 3 });

describe.each(['cpu', 'onnxruntime'])('on the backend %s', (backend) => {
  let fixture: Fixture;
  let problem: Awaited<ReturnType<typeof tanhNetwork>>;
  let examples: ProbeExamples;
  let clean: tf.Tensor[];
  beforeAll(async () => {
    if (backend === 'onnxruntime') registerOnnxRuntime({ deterministic: true, threads: 1 });
    await tf.setBackend(backend);
    fixture = await readFixture();
    problem = await tanhNetwork(fixture);
    examples = await probeExamples('test', problem.model, problem.data, { batchSize: 3 });
    clean = await attacked(problem.model, examples);
  });
  afterAll(() => {
    examples.dispose();
    tf.dispose(clean);
    problem.dispose();
  });

  it('loss and gradients in weights and inputs agree with PyTorch to 1e-5', async () => {
    const { network } = fixture;
    expect(await meanLoss(problem.model, examples, clean)).toBeCloseTo(network.loss, 5);
    const gradient = await lossGradient(problem.model, examples, clean);
    for (const [name, part] of Object.entries(network.weightGradient)) {
      const found = await gradient[name]!.data();
      part.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
    }
    tf.dispose(gradient);
    const input = await inputFlatness(problem.model, examples, clean);
    const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(input.l2).toBeCloseTo(meanOf(network.inputGradientNorms), 5);
    expect(input.l1).toBeCloseTo(meanOf(network.inputGradientL1), 5);
  });

  it('the top eigenvalue agrees with that of the Hessian in PyTorch to 1e-3', async () => {
    const { topEigenvalue: wanted } = fixture.network;
    const { value, change } = await topEigenvalue(problem.model, examples, clean, { random });
    expect(Math.abs(value / wanted - 1)).toBeLessThan(1e-3);
    expect(change).toBeLessThan(1e-3);
  });

  it('the increase along the AWP direction agrees with PyTorch to 1e-3', async () => {
    const { gamma, increase } = fixture.network.awp;
    const [found] = await awpFlatness(problem.model, examples, clean, [gamma]);
    expect(Math.abs(found!.increase / increase - 1)).toBeLessThan(1e-3);
    await expect(awpFlatness(problem.model, examples, clean, [0])).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  });

  it('K1 of a smooth loss is level and its square is bounded by the top eigenvalue; nothing is left over', async () => {
    const { model } = problem;
    const before = tf.memory().numTensors;
    const points = await smoothnessRatio(model, examples, { steps: [1e-2, 1e-3], directions: 2, random });
    expect(tf.memory().numTensors).toBe(before);
    expect(points).toHaveLength(4);
    for (const { ratio, step, direction, displacement, flipped } of points) {
      const other = points.find((point) => point.direction === direction && point.step !== step)!;
      expect(Math.abs(ratio / other.ratio - 1)).toBeLessThan(0.1);
      expect(ratio).toBeLessThan(1.1 * fixture.network.topEigenvalue);
      expect([displacement, flipped]).toEqual([null, null]);
    }
    const adversary = { attack: pgd({ steps: 3 }), threat: { norm: 'linf', epsilon: 0.05 } } as const;
    const again = async () => smoothnessRatio(model, examples, { adversary, directions: 1, random });
    const found = await again();
    expect(tf.memory().numTensors).toBe(before);
    expect(await again()).toEqual(found);
    for (const { displacement, flipped } of found) {
      expect(displacement).toBeGreaterThanOrEqual(0);
      expect(displacement).toBeLessThanOrEqual(2);
      expect(flipped).toBeLessThanOrEqual(1);
    }
    await expect(smoothnessRatio(model, examples, { steps: [0], random })).rejects.toMatchObject({
      code: 'ADVROB_OPTION',
    });
  });

  it('surfaces hold the loss at their centre, and frozen and fresh adversaries agree there alone', async () => {
    const { model } = problem;
    const before = tf.memory().numTensors;
    const adversary = { attack: bim({ steps: 3 }), threat: { norm: 'l2', epsilon: 0.3 } } as const;
    const draw = (examplesAre: 'frozen' | 'on-the-fly', axes: 1 | 2) =>
      lossSurface(model, examples, { adversary, examplesAre, axes, points: 3, random });
    const [frozen, fresh, curve] = [await draw('frozen', 2), await draw('on-the-fly', 2), await draw('frozen', 1)];
    expect(tf.memory().numTensors).toBe(before);
    expect(frozen.map(({ a, b }) => [a, b])).toEqual([-1, 0, 1].flatMap((a) => [-1, 0, 1].map((b) => [a, b])));
    const inputs = await attacked(model, examples, adversary);
    const centre = await meanLoss(model, examples, inputs);
    tf.dispose(inputs);
    expect(frozen[4]!.loss).toBeCloseTo(centre, 5);
    expect(fresh[4]!.loss).toBeCloseTo(centre, 5);
    // A fresh adversary is at least as strong at every point, up to what three steps miss.
    frozen.forEach(({ loss }, i) => expect(fresh[i]!.loss).toBeGreaterThan(loss - 0.02));
    expect(fresh.some(({ loss }, i) => loss > frozen[i]!.loss + 1e-4)).toBe(true);
    expect(curve.map(({ loss }) => loss.toFixed(5))).toEqual([1, 4, 7].map((i) => frozen[i]!.loss.toFixed(5)));
    await expect(
      lossSurface(model, examples, { examplesAre: 'frozen', axes: 1, points: 4, random }),
    ).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  });

  it('K2 is the change of the gradient over that of the weights', async () => {
    const { model } = problem;
    const bias = model.weights['fc2.bias']!;
    const start = tf.clone(bias as tf.Tensor);
    const before = tf.memory().numTensors;
    const path = gradientPath(model, examples);
    expect(await path.look()).toEqual({ ratio: null, distance: 0 });
    expect(await path.look()).toEqual({ ratio: null, distance: 0 });
    tf.tidy(() => bias.assign(tf.add(bias, tf.tensor1d([0.3, 0, 0]))));
    const { ratio, distance } = await path.look();
    expect(distance).toBeCloseTo(0.3, 5);
    expect(ratio).toBeGreaterThan(0);
    path.dispose();
    expect(tf.memory().numTensors).toBe(before);
    bias.assign(start);
    start.dispose();
  });
});

it('sees the jumps of the linear model under Linf and none under L2, with the attacks themselves', async () => {
  await tf.setBackend('cpu');
  // The first weight is 0 up to a millionth, so that any step changes its sign or not.
  const model = linearClassifier({
    weights: [
      [-1e-6, 1e-6],
      [-0.5, 0.5],
      [-0.8, 0.8],
    ],
    bias: [0, 0],
    bounds: [-9, 9],
  });
  const inputs = Float32Array.from({ length: 60 }, (_, i) => Math.sin(7 * i));
  const labels = Array.from({ length: 20 }, (_, i) => i % 2);
  const data = arrayDataset({ name: 'points', inputs, labels, inputShape: [3], numClasses: 2, bounds: [-9, 9] });
  const examples = await probeExamples('test', model, data);
  const measure = async (norm: 'linf' | 'l2', epsilon: number) => {
    const adversary = { attack: bim({ steps: 4 }), threat: { norm, epsilon } };
    const points = await smoothnessRatio(model, examples, { adversary, steps: [1e-2, 1e-3], directions: 4, random });
    const at = (step: number) => points.filter((point) => point.step === step).map(({ ratio }) => ratio);
    return {
      growth: Math.max(...at(1e-3)) / Math.max(...at(1e-2)),
      flipped: Math.max(...points.map(({ flipped }) => flipped!)),
    };
  };
  const [linf, l2] = [await measure('linf', 0.3), await measure('l2', 0.3 * Math.sqrt(3))];
  expect(linf.growth).toBeGreaterThan(5);
  // The first of three values, in every example.
  expect(linf.flipped).toBeCloseTo(1 / 3, 5);
  expect(l2.growth).toBeGreaterThan(0.8);
  expect(l2.growth).toBeLessThan(1.25);
  examples.dispose();
  model.dispose();
});

it('tells which models and data it cannot treat', async () => {
  await tf.setBackend('cpu');
  const model = await fromFunction((x) => tf.matMul(x as tf.Tensor2D, tf.ones([2, 3])), {
    inputShape: [2],
    bounds: [0, 1],
  });
  const other = arrayDataset({
    name: 'other',
    inputs: new Float32Array(3),
    labels: [0],
    inputShape: [3],
    numClasses: 3,
  });
  await expect(probeExamples('test', model, other)).rejects.toMatchObject({ code: 'ADVROB_DATASET' });
  await expect(probeExamples('test', model, other.take(0))).rejects.toMatchObject({ code: 'ADVROB_DATASET' });
});
