import type { Extras, TrainingPlan } from '@advrob/core';
import { fit } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  expectWeights,
  fixtureData,
  fixtureModel,
  readFixture,
  type Values,
} from '../../../training/test/support/fixture.js';
import { inputs, testLoss } from '../../../training/test/support/torch.js';

/** PyTorch in float64; see tooling/oracle/training/dale.py. */
export const dale = readFixture<{
  samples: number;
  values: { x: number[]; points: number[] };
  y: number[];
  cases: { objective: string; options: object; terms: Record<string, number>; gradients: Values }[];
  steps: number;
  rate: number;
  epsilon: number;
  batch: number;
  runs: {
    trainer: string;
    seed: number;
    options: object;
    trail: { nu: number; slack: number }[];
    weights: Values;
  }[];
}>('dale');

/** Clean examples with as many points around them for each as `points` has. */
export const pairsWith = (points: number[]) => ({
  x: inputs(dale.values.x),
  adversarial: inputs(points),
  y: tf.tensor1d(dale.y, 'int32'),
});

/** Compares the loss of an objective of this package with PyTorch's. */
export function testDaleLoss(
  name: string,
  make: (options: never) => unknown,
  prepared: () => Extras = () => pairsWith(dale.values.points.slice(0, dale.values.x.length)),
): void {
  testLoss(name, make, prepared, dale.cases);
}

/** Compares ten steps of a recipe with PyTorch's. */
export function testTenSteps(name: string, make: (options: never) => TrainingPlan): void {
  describe('ten steps with sampler, SGD and dual variable follow PyTorch', () => {
    it.each(dale.runs.filter(({ trainer }) => trainer === name))(
      '$trainer $options',
      async ({ seed, options, trail, weights }) => {
        const before = tf.memory().numTensors;
        const model = fixtureModel();
        const plan = make(options as never);
        const { history } = await fit({
          ...plan,
          model,
          data: fixtureData(),
          threat: { norm: 'linf', epsilon: dale.epsilon },
          steps: dale.steps,
          batchSize: dale.batch,
          learningRate: dale.rate,
          seed,
          logEvery: 1,
        });
        await expectWeights(model.weights, weights, 1e-4);
        const logged = history.flatMap((event) => (event.type === 'metrics' ? [event.loss] : []));
        expect(logged).toHaveLength(dale.steps);
        if (plan.objective.state)
          for (const [step, { nu, slack }] of trail.entries()) {
            expect(Math.abs(logged[step]!['nu']! - nu), `nu of step ${step}`).toBeLessThan(1e-4);
            expect(Math.abs(logged[step]!['slack']! - slack), `slack of step ${step}`).toBeLessThan(1e-4);
          }
        plan.objective.dispose?.();
        model.dispose!();
        expect(tf.memory().numTensors).toBe(before);
      },
    );
  });
}
