import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

// Every cpu kernel is wrapped before the backend under test is registered, so it cannot hold on to an unwatched one.

/**
 * Counts the calls of cpu kernels while `backendName` is the current backend, by kernel and kind of data. A call is float32 when an input
 * is float32 and none is complex64 or string; a call without inputs when its `dtype` attribute is.
 */
export function watchFallbacks(backendName) {
  const counts = {};
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    const { kernelName, kernelFunc } = kernel;
    tf.unregisterKernel(kernelName, 'cpu');
    tf.registerKernel({
      ...kernel,
      kernelFunc: (call) => {
        if (tf.getBackend() === backendName) {
          const count = (counts[kernelName] ??= { float32: 0, other: 0 });
          count[isFloat(call) ? 'float32' : 'other']++;
        }
        return kernelFunc(call);
      },
    });
  }
  return counts;
}

function isFloat({ inputs, attrs }) {
  const dtypes = Object.values(inputs ?? {})
    .flat()
    .filter((input) => input != null)
    .map((input) => input.dtype);
  if (dtypes.length === 0) return attrs?.dtype === 'float32';
  return dtypes.includes('float32') && !dtypes.includes('complex64') && !dtypes.includes('string');
}
