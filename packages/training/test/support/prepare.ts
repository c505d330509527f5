import type { Batch, Classifier, PrepareContext } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { createThreat } from '@advrob/core/threat';
import type * as tf from '@tensorflow/tfjs-core';
import { signAttack } from './sign-attack.js';
import { tinyData } from './tiny-data.js';

/** What `prepare` has at hand in an engine of one batch. */
export function context(model: Classifier, own: tf.Tensor[]): PrepareContext {
  const threat = createThreat({ norm: 'l2', epsilon: 0.2 }, [0, 1]);
  const how = { step: 0, epoch: 0, rng: createRandom({ seed: 3 }), threat, model, epsilonFactor: 1 };
  const attack = signAttack({ steps: 3 });
  return {
    ...how,
    async maximize({ x, y, ids }, { model: attacked = model, lanes = 1 } = {}) {
      own.push(await attack.maximize(attacked, x, y, threat, { ids, restarts: lanes }));
      return own.at(-1)!;
    },
  };
}

/** Four examples. The caller frees them. */
export async function firstBatch(): Promise<Batch> {
  for await (const batch of tinyData().batches({ size: 4 })) return batch;
  throw new Error('no batch');
}
