import {
  engine,
  ones,
  type KernelFunc,
  type NamedTensorInfoMap,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { KernelMend } from '../gradients/registries.js';
import { composed } from './run.js';

const kernelName = 'FusedBatchNorm';

/**
 * `tf.batchNorm` names a scale and an offset that are not there, on which tfjs' tape fails. A scale
 * is put in its place, since the gradient saves it; the name of the offset goes.
 */
function complete(registered: KernelFunc): KernelFunc {
  return (parameters) => {
    const inputs = parameters.inputs;
    if (engine().state.gradientDepth > 0) inputs['scale'] ??= ones(inputs['mean']!.shape);
    if (inputs['offset'] === undefined) delete inputs['offset'];
    return registered(parameters);
  };
}

/** Whether the statistics, read in circles along the values, are those of each value. */
function isCyclic(x: TensorInfo, other: TensorInfo | undefined): boolean {
  if (other === undefined) return true;
  const own = other.shape.slice(other.shape.findIndex((extent) => extent !== 1));
  if (other.shape.every((extent) => extent === 1)) return true;
  return own.every((extent, i) => extent === x.shape[x.shape.length - own.length + i]);
}

/** The cpu and wasm backends know statistics of the last axes alone. */
function broadcast(backendName: string, registered: KernelFunc): KernelFunc {
  return (parameters) => {
    const { inputs, attrs, backend } = parameters;
    const { x, mean, variance, scale, offset } = inputs as NamedTensorInfoMap &
      Record<'x' | 'mean' | 'variance', Tensor>;
    if ([mean, variance, scale, offset].every((other) => isCyclic(x, other))) return registered(parameters);
    return composed(backendName, backend, (run) => {
      const epsilon = run('Fill', {}, { shape: [], value: attrs!['varianceEpsilon'] ?? 0.001, dtype: 'float32' });
      const deviation = run('Rsqrt', { x: run('Add', { a: variance, b: epsilon }) });
      const factor = scale === undefined ? deviation : run('Multiply', { a: deviation, b: scale });
      const normal = run('Multiply', { a: run('Sub', { a: x, b: mean }), b: factor });
      return offset === undefined ? normal : run('Add', { a: normal, b: offset });
    });
  };
}

export const batchNormKernels: readonly KernelMend[] = [
  ...['cpu', 'wasm'].map((backendName) => ({
    kernelName,
    backendName,
    mend: (registered: KernelFunc) => broadcast(backendName, registered),
  })),
  { kernelName, mend: complete },
];
