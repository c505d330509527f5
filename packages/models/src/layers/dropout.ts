import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';

/**
 * Inverted dropout: in `train` and `probe` mode sets each entry to 0 with probability `rate` and
 * divides the others by 1 - rate; identity in `eval`. The mask is drawn from `rng` under the
 * purpose `name`, so that the same rng and step give the same mask. With `dropout: false` it is the
 * identity too.
 *
 * @throws AdvrobError `ADVROB_RNG_MISSING` in `train` or `probe` mode without `rng`.
 */
export function dropout(name: string, rate: number): Layer {
  return (x, { mode = 'eval', rng, dropout: isActive = true }) => {
    if (mode === 'eval' || rate === 0 || !isActive) return x;
    if (rng === undefined)
      throw new AdvrobError(
        'ADVROB_RNG_MISSING',
        `expected rng in a forward pass in ${mode} mode, because ${name} draws its dropout mask from it: pass logits(x, { mode: '${mode}', rng })`,
      );
    const isKept = tf.greaterEqual(rng.uniform(name, x.shape, 0, 1), rate);
    return tf.mul(x, tf.div(tf.cast(isKept, 'float32'), 1 - rate));
  };
}
