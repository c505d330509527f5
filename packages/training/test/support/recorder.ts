import type { AveragerBinding } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** An averager that averages nothing: it copies the weights after each step. The copies are the caller's. */
export function recorder(): { readonly binding: AveragerBinding; readonly copies: Record<string, Tensor>[] } {
  const copies: Record<string, Tensor>[] = [];
  return {
    copies,
    binding: () => ({
      weights: {},
      state: {},
      afterStep({ weights }) {
        copies.push(Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, tf.clone(w as Tensor)])));
      },
    }),
  };
}
