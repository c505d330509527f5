import * as tf from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';

/**
 * Kernels that are wrong on purpose, one kind each, to prove that the fuzzer finds such faults. Each changes the numbers of the right
 * kernel's result; it also gets the numbers of its inputs and the result's shape.
 */
const faults = {
  none: {},
  'relu of NaN is 0': { Relu: (data) => data.forEach((value, i) => Number.isNaN(value) && (data[i] = 0)) },
  'step of 0 is 1': { Step: (data, { x }) => x.forEach((value, i) => value === 0 && (data[i] = 1)) },
  'max pooling sends gradients to every maximum': {
    MaxPoolGrad: (data) => data.forEach((value, i) => (data[i] = value / 2)),
  },
  'tanh is rough': { Tanh: (data) => data.forEach((value, i) => (data[i] = value * (1 + 1e-3))) },
  'matrix products of 33 columns lose the last one': {
    BatchMatMul: (data, _, shape) => shape.at(-1) === 33 && data.fill(0, 32, 33),
  },
  'sums of nothing are 1': { Sum: (data, { x }) => x.length === 0 && data.fill(1) },
  'argmax takes the last maximum': {
    ArgMax: (data, { x }) => data.length === 1 && (data[0] = x.lastIndexOf(Math.max(...x))),
  },
  'convolutions of 16 channels are off by one': {
    Conv2D: (data, _, shape) => shape.at(-1) === 16 && data.length > 0 && (data[0] += 1),
  },
};

export const faultNames = Object.keys(faults);

/** Registers the cpu backend under another name, with one fault. */
export function registerImitation(backendName, faultName) {
  const fault = faults[faultName];
  if (fault === undefined) throw new Error(`There is no fault '${faultName}'; there are: ${faultNames.join(', ')}.`);
  tf.registerBackend(backendName, () => new MathBackendCPU(), 0);
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    const spoil = fault[kernel.kernelName];
    tf.registerKernel({
      ...kernel,
      backendName,
      kernelFunc: spoil ? spoiled(kernel, spoil) : kernel.kernelFunc,
    });
  }
}

function spoiled({ kernelFunc }, spoil) {
  return (call) => {
    const result = kernelFunc(call);
    const numbers = (info) => call.backend.data.get(info.dataId).values;
    const inputs = Object.fromEntries(Object.entries(call.inputs).map(([name, info]) => [name, [...numbers(info)]]));
    spoil(numbers(result), inputs, result.shape);
    return result;
  };
}
