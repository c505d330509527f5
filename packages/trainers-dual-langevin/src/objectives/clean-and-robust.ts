import type { Classifier, ForwardOptions, Objective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { secondPass } from '@advrob/training';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Clean examples, what the attack of the run made of them, and their labels. */
export type Pairs = { readonly x: Tensor; readonly adversarial: Tensor; readonly y: Tensor };

/** Attacks each batch with the attack of the run and its own loss, `log(1 - p)` for a Langevin sampler. */
export const preparePairs: Objective<Pairs>['prepare'] = async (batch, { maximize }) => ({
  x: batch.x,
  adversarial: await maximize(batch),
  y: batch.y,
});

/** Mean cross-entropy on clean and on adversarial examples, two scalars. */
export function cleanAndRobust({ x, adversarial, y }: Pairs, model: Classifier, how: ForwardOptions) {
  return {
    clean: meanCrossEntropy(model.logits(x, how), y),
    robust: meanCrossEntropy(model.logits(adversarial, secondPass(how)), y),
  };
}
