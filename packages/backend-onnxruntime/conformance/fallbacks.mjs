import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

// Every cpu kernel is wrapped before the backend under test is registered, so it cannot hold on to an unwatched one.

/**
 * Counts the calls of cpu kernels while another backend is the current one: by backend, kernel and kind of data. A call is float32 when an
 * input is float32 and none is complex64 or string; a call without inputs when its `dtype` attribute is.
 */
export function watchFallbacks() {
  const calls = {};
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    const { kernelName, kernelFunc } = kernel;
    tf.unregisterKernel(kernelName, 'cpu');
    tf.registerKernel({
      ...kernel,
      kernelFunc: (call) => {
        const current = tf.getBackend();
        if (current !== 'cpu') {
          const count = ((calls[current] ??= {})[kernelName] ??= { float32: 0, other: 0 });
          count[isFloat(call) ? 'float32' : 'other']++;
        }
        return kernelFunc(call);
      },
    });
  }
  return calls;
}

function isFloat({ inputs, attrs }) {
  const dtypes = Object.values(inputs ?? {})
    .flat()
    .filter((input) => input != null)
    .map((input) => input.dtype);
  if (dtypes.length === 0) return attrs?.dtype === 'float32';
  return dtypes.includes('float32') && !dtypes.includes('complex64') && !dtypes.includes('string');
}

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
