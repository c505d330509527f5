import type { OptimizerBinding, TrainingPlan } from '@advrob/core';
import { objectiveContract, optimizerContract, trainerContract, type Check } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { detach } from '../src/weights/detach.js';
import { suite } from './support/contracts.js';
import { manyDraws, movingAverage, perturbed, primalDual } from './support/doubles.js';

suite(
  'objective with a dual variable',
  objectiveContract(() => primalDual(0.5, 0.1)),
);
suite(
  'a recipe of all parts',
  trainerContract((): TrainingPlan => ({
    objective: primalDual(0.5, 0.1) as unknown as TrainingPlan['objective'],
    optimizer: manyDraws(3),
    transforms: [perturbed(0.01)],
    averager: movingAverage(0.9),
  })),
);

describe('the suites find', () => {
  async function failures(checks: readonly Check[]): Promise<string[]> {
    const failed: string[] = [];
    for (const { name, run } of checks)
      await run().catch(() => {
        failed.push(name);
      });
    return failed;
  }

  it('an optimizer that leaks, forgets its state, draws more than it says and sets its own rate', async () => {
    const broken: OptimizerBinding = ({ weights }) => {
      let velocity = 0;
      return {
        state: {},
        async step(work) {
          await work.draw();
          const { grads } = await work.gradient(await work.draw());
          velocity = 0.9 * velocity + 1;
          tf.scalar(1);
          tf.tidy(() => {
            for (const [name, w] of Object.entries(weights)) w.assign(tf.sub(w, tf.mul(grads[name]!, 0.01 * velocity)));
          });
        },
      };
    };
    expect(await failures(optimizerContract(broken, { steps: 3 }))).toEqual(
      optimizerContract(broken)
        .map(({ name }) => name)
        .filter((name) => !name.startsWith('passes an error')),
    );
  });

  it('an objective that leaks, detaches, changes the weights and grows its state', async () => {
    let calls = 0;
    const broken = () => {
      const state: Record<string, number> = {};
      return {
        state,
        prepare: async ({ x, y }: { x: Tensor; y: Tensor }) => {
          calls += 1;
          tf.scalar(1);
          state[`call ${calls}`] = 1;
          return { x: tf.add(x, calls), y };
        },
        loss: (
          { x }: { x: Tensor; y: Tensor },
          { weights, logits }: { weights: object; logits(x: Tensor): Tensor },
        ) => {
          const [weight] = Object.values(weights) as tf.Variable[];
          weight!.assign(tf.mul(weight!, 1.1));
          const total = tf.mean(tf.square(logits(x)));
          return { total: detach(total), terms: { [`term ${calls}`]: total } };
        },
      };
    };
    expect(await failures(objectiveContract(broken))).toEqual(objectiveContract(broken).map(({ name }) => name));
  });
});
