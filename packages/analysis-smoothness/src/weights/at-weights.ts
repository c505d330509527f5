import { settle, type Classifier } from '@advrob/core';
import { withWeights } from '@advrob/training';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * What `body` finds at other weights; afterwards they are as before. The moved weights are computed first, apart from what is measured there, so that a backend that
 * compiles graphs meets the same one at every point.
 *
 * @param change Gives what is added to the weight `name`, or undefined to leave it.
 */
export function atWeights<T>(
  model: Classifier,
  change: (name: string, weight: Tensor) => Tensor | undefined,
  body: () => Promise<T>,
): Promise<T> {
  return withWeights(
    model,
    (name, weight) => change(name, weight as unknown as Tensor),
    async () => {
      await settle(...Object.values<Tensor>(model.weights));
      return body();
    },
  );
}
