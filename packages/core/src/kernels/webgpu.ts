import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelMend } from '../gradients/registries.js';
import { composed } from './run.js';

const backendName = 'webgpu';

/** Eight storage buffers are what every device binds, and one of them is the result. */
const mostTerms = 7;

/**
 * Sums of many terms, a few at a time: more than a device binds are dropped together with all other
 * commands of their buffer, and the results read 0.
 */
function sumsOfFew(registered: KernelFunc, name: string): KernelFunc {
  return ({ inputs, backend }) => {
    const few = (terms: readonly TensorInfo[]) =>
      registered({ inputs: terms as unknown as Record<string, TensorInfo>, backend, attrs: {} }) as TensorInfo;
    const terms = inputs as unknown as readonly TensorInfo[];
    if (terms.length <= mostTerms) return few(terms);
    return composed(name, backend, (_, own) => {
      let sum = own(few(terms.slice(0, mostTerms)));
      for (let i = mostTerms; i < terms.length; i += mostTerms - 1)
        sum = own(few([sum, ...terms.slice(i, i + mostTerms - 1)]));
      return sum;
    });
  };
}

/**
 * From the end, as the reverse of a sum from the start: the shader that starts at the end has the
 * length of the axis in it, and is kept for axes of other lengths.
 */
function forward(registered: KernelFunc, name: string): KernelFunc {
  return (parameters) => {
    const { inputs, backend, attrs } = parameters;
    const { axis, exclusive, reverse } = attrs as unknown as { axis: number; exclusive: boolean; reverse: boolean };
    if (!reverse) return registered(parameters);
    return composed(name, backend, (run, own) => {
      const turned = run('Reverse', { x: inputs['x']! }, { dims: [axis] });
      const sums = own(
        registered({ inputs: { x: turned }, backend, attrs: { axis, exclusive, reverse: false } }) as TensorInfo,
      );
      return run('Reverse', { x: sums }, { dims: [axis] });
    });
  };
}

export const webgpuKernels: readonly KernelMend[] = [
  { kernelName: 'AddN', backendName, mend: sumsOfFew },
  { kernelName: 'Cumsum', backendName, mend: forward },
  { kernelName: 'Cumprod', backendName, mend: forward },
];
