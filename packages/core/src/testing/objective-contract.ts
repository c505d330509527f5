import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Extras, NoExtras, Objective } from '../contract/index.js';
import { ensure, type Check } from './check.js';
import { objectiveChecks } from './training/objective-checks.js';
import { tinyContext } from './training/tiny-engine.js';
import { tinyProblem } from './training/tiny-problem.js';

export interface ObjectiveContractOptions<E extends Extras> {
  /**
   * Further tensors of the examples with these ids, for an objective that reads them. The suite
   * frees them.
   */
  readonly extras?: (ids: Int32Array) => E;
  /**
   * Whether the gradient is that of the loss value, compared with finite differences. Default true;
   * say false for an objective that detaches a part of its loss on purpose.
   */
  readonly isGradientOfValue?: boolean;
}

/**
 * Everything an objective must fulfil, as checks that any test runner can call: finite scalar
 * losses, purity, gradients against finite differences, fixed names of terms and state, equal seeds
 * equal batches, and no leaked tensors.
 *
 * @param makeObjective Makes the objective anew.
 * @example
 * ```ts
 * import '@advrob/core/gradients';
 * import { objectiveContract } from '@advrob/core/testing';
 * for (const { name, run } of objectiveContract(() => myObjective({ beta: 6 }))) test(name, run);
 * ```
 */
export function objectiveContract<P extends Extras, E extends Extras = NoExtras>(
  makeObjective: () => Objective<P, E>,
  options: ObjectiveContractOptions<E> = {},
): readonly Check[] {
  const { extras = () => ({}) as E, isGradientOfValue = true } = options;
  return Object.entries(objectiveChecks).map(([name, check]) => ({
    name,
    async run() {
      const before = tf.memory().numTensors;
      const problem = tinyProblem(extras);
      const objective = makeObjective();
      objective.open?.({ ...problem.model, batchSize: 6 });
      const batch = problem.batch(0);
      const made = new Set<Tensor>([batch.x, batch.y, ...Object.values<Tensor>(batch.extras)]);
      const prepare = async (): Promise<P> => {
        const values = await objective.prepare(
          batch,
          tinyContext(problem, 0, (tensor) => made.add(tensor)),
        );
        for (const tensor of Object.values<Tensor>(values)) if (!(tensor instanceof tf.Variable)) made.add(tensor);
        return values;
      };
      try {
        await check({
          model: problem.model,
          objective: objective as unknown as Objective,
          prepare,
          batch,
          isGradientOfValue,
          made,
        });
      } finally {
        tf.dispose([...made]);
        objective.dispose?.();
        problem.dispose();
      }
      const left = tf.memory().numTensors - before;
      ensure(left === 0, `${left} tensors are left after dispose`);
    },
  }));
}
