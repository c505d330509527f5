import * as tf from '@tensorflow/tfjs-core';

/** Runs `body` and counts the gradients that are computed in it: those of an optimisation inside a forward pass. */
export function countGradients<T>(body: () => T): { value: T; gradients: number } {
  const engine = tf.engine();
  const compute = engine.gradients;
  let gradients = 0;
  // An own property hides the method for the time of this synchronous call.
  engine.gradients = ((...call: Parameters<typeof compute>) => {
    gradients++;
    return compute.apply(engine, call);
  }) as typeof compute;
  try {
    const value = body();
    return { value, gradients };
  } finally {
    Reflect.deleteProperty(engine, 'gradients');
  }
}
