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

/** @param small - On 4 images and a network of a few filters, for a GPU that the processor emulates. */
export async function attack(small = false): Promise<Attacked> {
  const model = compactCnn(small ? { channels: [4, 8], hidden: 8 } : {})(3);
  const x = createRandom({ seed: 5 }).uniform('images', [small ? 4 : 8, 28, 28, 1], 0, 1);
  const labels = tf.tidy(() => tf.argMax(model.logits(x), 1));
  const begun = performance.now();
  const result = await pgd({ steps: 3 }).run(
    model,
    x,
    labels,
    { norm: 'linf', epsilon: small ? 0.2 : 0.1 },
    { seed: 1 },
  );
  const adversarial = Array.from(await result.adversarial.data());
  const milliseconds = performance.now() - begun;
  tf.dispose([x, labels, result.adversarial]);
  model.dispose?.();
  return { backend: tf.getBackend(), success: Array.from(result.success), adversarial, milliseconds };
}

/** What the kernels of a backend give that `@advrob/core/gradients` mends on webgpu. */
export interface Sums {
  readonly terms: number[];
  readonly four: number[];
  readonly six: number[];
  /** Of the device: commands that it dropped. */
  readonly errors: string[];
}

/** Ten terms, more than a device binds; and ones summed from the end of a short and of a longer axis. */
export async function sumsOn(backend: string): Promise<Sums> {
  await tf.setBackend(backend);
  const errors: string[] = [];
  const { device } = tf.backend() as unknown as { device: EventTarget };
  device.addEventListener('uncapturederror', (event) =>
    errors.push((event as unknown as { error: Error }).error.message),
  );
  const sum = async (make: () => tf.Tensor): Promise<number[]> => {
    const tensor = tf.tidy(make);
    const values = Array.from(await tensor.data());
    tensor.dispose();
    return values;
  };
  return {
    terms: await sum(() => tf.addN(Array.from({ length: 10 }, (_, i) => tf.fill([2], i)))),
    four: await sum(() => tf.cumsum(tf.ones([4]), 0, false, true)),
    six: await sum(() => tf.cumsum(tf.ones([6]), 0, false, true)),
    errors,
  };
}
