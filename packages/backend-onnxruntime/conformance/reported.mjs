import * as tf from '@tensorflow/tfjs-core';

/**
 * Sums `stats().fallbacks` over every instance of a backend. The suite throws the backend away and makes a new one for each group of
 * specs, so each instance is asked right before its end.
 */
export function collectReported(backendName) {
  const reported = {};
  const entry = tf.engine().registryFactory[backendName];
  const create = entry.factory;
  const watch = (backend) => {
    const dispose = backend.dispose.bind(backend);
    backend.dispose = () => {
      for (const [kernel, count] of Object.entries(backend.stats().fallbacks)) {
        reported[kernel] = (reported[kernel] ?? 0) + count;
      }
      return dispose();
    };
    return backend;
  };
  entry.factory = () => {
    const made = create();
    return typeof made.then === 'function' ? made.then(watch) : watch(made);
  };
  return reported;
}
