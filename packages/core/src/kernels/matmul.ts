import { broadcast_util, util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelMend } from '../gradients/registries.js';
import { composed } from './run.js';

/**
 * The cpu and wasm backends count through both batches in circles: right where they are equal or one
 * of them is 1, else products are missing.
 */
function broadcast(backendName: string, registered: KernelFunc): KernelFunc {
  return (parameters) => {
    const { inputs, attrs, backend } = parameters;
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    const batches = [a, b].map(({ shape }) => shape.slice(0, -2)) as [number[], number[]];
    const all = broadcast_util.assertAndGetBroadcastShape(...batches);
    const size = util.sizeFromShape(all);
    if (batches.every((batch) => [1, size].includes(util.sizeFromShape(batch)))) return registered(parameters);
    return composed(backendName, backend, (run) => {
      const whole = (x: TensorInfo): TensorInfo => {
        const rank = all.length + 2;
        const shape = [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape];
        const reps = shape.map((extent, i) => (i < all.length ? all[i]! / extent : 1));
        return run('Tile', { x: run('Reshape', { x }, { shape }) }, { reps });
      };
      return run('BatchMatMul', { a: whole(a), b: whole(b) }, attrs);
    });
  };
}

export const matmulKernels: readonly KernelMend[] = ['cpu', 'wasm'].map((backendName) => ({
  kernelName: 'BatchMatMul',
  backendName,
  mend: (registered) => broadcast(backendName, registered),
}));
