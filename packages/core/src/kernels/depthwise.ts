import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelMend } from '../gradients/registries.js';
import { composed } from './run.js';

const kernelName = 'DepthwiseConv2dNative';

/** Every backend of tfjs reads images with their channels first as if these stood last. */
function lastly(backendName: string, registered: KernelFunc): KernelFunc {
  return (parameters) => {
    const { inputs, attrs, backend } = parameters;
    const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
    if (attrs?.['dataFormat'] !== 'NCHW') return registered(parameters);
    const pad = attrs['pad'] as unknown;
    const sides = Array.isArray(pad) ? [pad[0], pad[2], pad[3], pad[1]] : pad;
    return composed(backendName, backend, (run) => {
      const last = run('Transpose', { x }, { perm: [0, 2, 3, 1] });
      const y = run(kernelName, { x: last, filter }, { ...attrs, dataFormat: 'NHWC', pad: sides });
      return run('Transpose', { x: y }, { perm: [0, 3, 1, 2] });
    });
  };
}

export const depthwiseKernels: readonly KernelMend[] = [
  { kernelName, mend: (registered, backendName) => lastly(backendName, registered) },
];
