import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import { arrayDataset } from '@advrob/datasets';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activeNeurons, theoryDirection, theoryNetwork } from '../src/theory/theory-network.js';
import { flipDistances } from '../src/measure/flip-distance.js';
import { orthogonalGradient } from '../src/measure/orthogonal-gradient.js';
import { principalComponents, projectOnto } from '@advrob/datasets';
import { trainToMargin } from '../src/network/train-to-margin.js';
import { fixtureProblem, readFixture, type Fixture, type FixtureProblem } from './support/two-layer.js';

/** Every entry of float32 results agrees with the float64 fixture to this, in units of the largest: the tolerance that the README states. */
const tolerance = 1e-5;

function expectClose(found: ArrayLike<number>, wanted: readonly number[], allowed = tolerance): void {
  expect(found.length).toBe(wanted.length);
  const scale = Math.max(...wanted.map(Math.abs));
  wanted.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(allowed * scale));
}

describe.each(['cpu', 'onnxruntime'])('on the backend %s', (backend) => {
  let fixture: Fixture;
  let problem: FixtureProblem;
  beforeAll(async () => {
    if (backend === 'onnxruntime') registerOnnxRuntime({ deterministic: true, threads: 1 });
    await tf.setBackend(backend);
    fixture = await readFixture();
    problem = fixtureProblem(fixture);
  });
  afterAll(() => problem.dispose());

  it('splits gradients as PyTorch', async () => {
    const { model, subspace, x } = problem;
    const found = orthogonalGradient(model, subspace, x);
    expectClose(await found.orthogonal.data(), fixture.orthogonalNorm);
    const along = fixture.gradientNorm.map((norm, i) => Math.sqrt(norm ** 2 - fixture.orthogonalNorm[i]! ** 2));
    expectClose(await found.along.data(), along);
    expectClose(await found.lead.data(), fixture.output.map(Math.abs));
    const directions = fixture.orthogonalGradient.map((value, i) => {
      const row = Math.floor(i / fixture.inputs);
      return (-Math.sign(fixture.output[row]!) * value) / fixture.orthogonalNorm[row]!;
    });
    expectClose(await found.direction.data(), directions);
    tf.dispose({ ...found });
  });

  it('counts active neurons and finds the universal directions', async () => {
    const network = theoryNetwork(problem.model);
    const active = activeNeurons(network, problem.x);
    expect(Array.from(await active.data())).toEqual(fixture.active);
    for (const label of [0, 1] as const) {
      const found = theoryDirection(network, problem.subspace, label);
      const wanted = fixture.universal[label]!;
      const norm = Math.hypot(...wanted);
      expectClose(
        await found.data(),
        wanted.map((value) => value / norm),
      );
      found.dispose();
    }
    active.dispose();
  });

  it('finds the exact flip distances of the piecewise linear network', async () => {
    const { model, subspace, x } = problem;
    const { direction, ...rest } = orthogonalGradient(model, subspace, x);
    const before = tf.memory().numTensors;
    const { distances, isInside } = await flipDistances(model, x, direction, { limit: 10, ratio: 1.05 });
    expect(tf.memory().numTensors).toBe(before);
    expectClose(
      distances.map((distance) => distance ?? NaN),
      fixture.flipDistance,
    );
    expect(isInside).toEqual(distances.map(() => true));
    const near = await flipDistances(model, x, direction, { limit: 0.5 });
    near.distances.forEach((distance, i) => expect(distance === null).toBe(fixture.flipDistance[i]! > 0.5));
    tf.dispose([direction, { ...rest }]);
  });

  it('trains as gradient descent with weight decay in PyTorch', async () => {
    const own = fixtureProblem(fixture);
    const { rate, weightDecay, steps, margin, firstLayer } = fixture.training;
    const before = tf.memory().numTensors;
    const options = { learningRate: rate, weightDecay, maxSteps: steps, stopMargin: Infinity };
    const found = await trainToMargin(own.model, own.x, own.y, options);
    expect(tf.memory().numTensors).toBe(before);
    expect(found).toMatchObject({ steps, isReached: false });
    expect(found.margin).toBeCloseTo(margin, 5);
    expectClose(await own.model.weights['fc1.weight']!.data(), firstLayer);
    own.dispose();
  });

  it('finds the principal components of an SVD', async () => {
    const { data, count, size, components, projection } = fixture.principal;
    const labels = new Int32Array(count);
    const set = arrayDataset({
      name: 'low rank',
      inputs: Float32Array.from(data),
      labels,
      inputShape: [size],
      numClasses: 1,
      bounds: [-20, 20],
    });
    const before = tf.memory().numTensors;
    const found = await principalComponents(set, components);
    expect(tf.memory().numTensors).toBe(before);
    const images = tf.tidy(() => projectOnto(found, tf.eye(size)));
    expectClose(await images.data(), projection);
    images.dispose();
  });
});
