// What a web page does: PGD on a small conv net, on the backend that the test names. Bundled for the browser by the test.
import '@advrob/core/gradients';
import { pgd } from '@advrob/attacks';
import { createRandom } from '@advrob/core/random';
import { compactCnn } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';

/** Result of the attack on 8 random images: whether each was fooled, and the points. */
export interface Attacked {
  readonly backend: string;
  readonly success: number[];
  readonly adversarial: number[];
  readonly milliseconds: number;
}

export async function attack(): Promise<Attacked> {
  const model = compactCnn()(3);
  const x = createRandom({ seed: 5 }).uniform('images', [8, 28, 28, 1], 0, 1);
  const labels = tf.tidy(() => tf.argMax(model.logits(x), 1));
  const begun = performance.now();
  const result = await pgd({ steps: 3 }).run(model, x, labels, { norm: 'linf', epsilon: 0.1 }, { seed: 1 });
  const adversarial = Array.from(await result.adversarial.data());
  const milliseconds = performance.now() - begun;
  tf.dispose([x, labels, result.adversarial]);
  model.dispose?.();
  return { backend: tf.getBackend(), success: Array.from(result.success), adversarial, milliseconds };
}
