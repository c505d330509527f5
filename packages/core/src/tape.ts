import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AdvrobError } from './errors.js';

/**
 * The gradient of the sum of `f`; undefined when no op leads from `x` to it.
 *
 * @throws AdvrobError `ADVROB_GRADIENT_MISSING` when an op has none.
 */
export function gradientIfAny(f: (x: Tensor) => Tensor, x: Tensor): Tensor | undefined {
  const engine = tf.engine();
  let isForward = true;
  const forward = (): Tensor => {
    const value = f(x);
    isForward = false;
    return value;
  };
  try {
    const allowNoGradients = true;
    return engine.gradients(forward, [x], undefined, allowNoGradients).grads[0];
  } catch (error) {
    // tfjs keeps what it saved for the backward pass when a kernel throws in between.
    if (engine.state.gradientDepth === 0) {
      for (const node of engine.state.activeTape ?? []) for (const saved of node.saved ?? []) saved.dispose();
      engine.state.activeTape = [];
    }
    if (isForward || error instanceof AdvrobError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new AdvrobError(
      'ADVROB_GRADIENT_MISSING',
      `the model has no gradient on the backend '${tf.getBackend()}': ${message.replace(/\.$/, '')}. Replace that op, choose another backend, or an attack without gradients`,
      { cause: error },
    );
  }
}
