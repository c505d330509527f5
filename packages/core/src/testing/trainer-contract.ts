import * as tf from '@tensorflow/tfjs-core';
import type { TrainingPlan } from '../contract/index.js';
import { ensure, type Check } from './check.js';
import { areEqual, saveValues, type SavedValues } from './training/saved-values.js';
import { tinyEngine } from './training/tiny-engine.js';
import { tinyProblem } from './training/tiny-problem.js';

/** Weights after some steps of the plan, on a small smooth problem; all is freed. */
async function weightsAfter(makePlan: () => TrainingPlan, steps: number): Promise<SavedValues> {
  const problem = tinyProblem(() => ({}));
  const { objective, optimizer, transforms, averager } = makePlan();
  const bound = optimizer?.(problem.model);
  const average = averager?.(problem.model);
  const engine = tinyEngine(problem, objective, transforms);
  try {
    for (let i = 0; i < steps; i++) {
      await engine.step(0.05, async (work) => {
        if (bound) return bound.step(work);
        const { grads } = await work.gradient(await work.draw());
        tf.tidy(() => {
          for (const [name, weight] of Object.entries(work.model.weights))
            weight.assign(tf.sub(weight, tf.mul(grads[name]!, work.rate)));
        });
      });
      average?.afterStep?.(problem.model);
    }
    average?.afterEpoch?.(problem.model, 0);
    const averaged = Object.fromEntries(
      Object.entries(await saveValues({ ...average?.weights })).map(([name, values]) => [`averaged ${name}`, values]),
    );
    return { ...(await saveValues(problem.model.weights)), ...averaged };
  } finally {
    bound?.dispose?.();
    average?.dispose?.();
    objective.dispose?.();
    problem.dispose();
  }
}

/**
 * What a trainer, i.e. a recipe of objective, optimizer, transforms and average, must fulfil, as
 * checks that any test runner can call: its parts work together, move the weights, give finite and
 * repeatable results, and leave nothing in memory. The inner attack is a random point of the ball.
 *
 * @param makePlan Makes the plan anew.
 * @example
 * ```ts
 * import '@advrob/core/gradients';
 * import { trainerContract } from '@advrob/core/testing';
 * for (const { name, run } of trainerContract(() => myTrainer({ beta: 6 }))) test(name, run);
 * ```
 */
export function trainerContract(makePlan: () => TrainingPlan): readonly Check[] {
  const checks: Readonly<Record<string, () => Promise<void>>> = {
    async 'moves the weights, which stay finite'() {
      const [start, end] = [await weightsAfter(makePlan, 0), await weightsAfter(makePlan, 6)];
      ensure(!areEqual(start, end), 'the weights are as before after 6 steps');
      for (const [name, values] of Object.entries(end))
        ensure(
          typeof values !== 'number' && values.every((value) => Number.isFinite(value)),
          `weight '${name}' is not finite after 6 steps`,
        );
    },
    async 'gives the same bits for the same seed'() {
      ensure(areEqual(await weightsAfter(makePlan, 3), await weightsAfter(makePlan, 3)), 'two equal runs differ');
    },
    async 'leaves nothing in memory'() {
      const before = tf.memory().numTensors;
      await weightsAfter(makePlan, 2);
      const left = tf.memory().numTensors - before;
      ensure(left === 0, `${left} tensors are left after a run`);
    },
  };
  return Object.entries(checks).map(([name, run]) => ({ name, run }));
}
