import * as tf from '@tensorflow/tfjs-core';
import type { Classifier } from '../contract/index.js';
import { ensure } from './check.js';
import type { Check } from './check.js';
import { declarationChecks } from './model/declaration-checks.js';
import { forwardChecks } from './model/forward-checks.js';
import { gradientChecks } from './model/gradient-checks.js';
import { memoryChecks } from './model/memory-checks.js';
import { modeChecks } from './model/mode-checks.js';
import type { ModelCheck } from './model/sample-inputs.js';

/**
 * Everything a model must fulfil, as checks that any test runner can call: declarations, shapes,
 * logits instead of probabilities, rows that do not depend on each other, input gradients that
 * agree with finite differences, modes, `head(features(x))`, and no leaked tensors.
 *
 * @param makeModel Makes the model anew, with the same initial weights each time; keep it small,
 *   because every check runs it several times. Its `dispose`, if it has one, is called after each
 *   check.
 * @example
 * ```ts
 * import { modelContract } from '@advrob/core/testing';
 * for (const { name, run } of modelContract(() => myArchitecture()(0))) test(name, run);
 * ```
 */
export function modelContract(makeModel: () => Classifier | Promise<Classifier>): readonly Check[] {
  const checks: Readonly<Record<string, ModelCheck>> = {
    ...declarationChecks,
    ...forwardChecks,
    ...gradientChecks,
    ...modeChecks,
    ...memoryChecks,
  };
  const perModel = Object.entries(checks).map(([name, check]) => ({
    name,
    async run() {
      const [model, again] = [await makeModel(), await makeModel()];
      try {
        await check(model, again);
      } finally {
        model.dispose?.();
        again.dispose?.();
      }
    },
  }));
  return [...perModel, { name: 'dispose frees what making it allocated', run: () => checkDispose(makeModel) }];
}

async function checkDispose(makeModel: () => Classifier | Promise<Classifier>): Promise<void> {
  const before = tf.memory().numTensors;
  const model = await makeModel();
  if (model.dispose === undefined) return;
  model.dispose();
  const left = tf.memory().numTensors - before;
  ensure(left === 0, `${left} tensors are left after dispose`);
}
