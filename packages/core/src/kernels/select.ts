import type { KernelBackend, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelMend } from '../gradients/registries.js';

interface Cpu {
  readonly data: { get(dataId: object): { values: Uint8Array } };
  makeTensorInfo(shape: number[], dtype: string, values: Uint8Array): TensorInfo;
}

interface Wasm {
  makeOutput(shape: number[], dtype: string): TensorInfo;
  typedArrayFromHeap(info: TensorInfo): Uint8Array;
}

/** The flags of rows [n] as those of all values [n, ...], a tensor of the backend's own. */
function spread(backend: object, rows: TensorInfo, shape: number[]): TensorInfo {
  const size = shape.slice(1).reduce((product, extent) => product * extent, 1);
  const fill = (flags: Uint8Array, values: Uint8Array): void =>
    values.forEach((flag, row) => flags.fill(flag, row * size, (row + 1) * size));
  if ('typedArrayFromHeap' in backend) {
    const wasm = backend as Wasm;
    const all = wasm.makeOutput(shape, 'bool');
    fill(wasm.typedArrayFromHeap(all), wasm.typedArrayFromHeap(rows));
    return all;
  }
  const cpu = backend as Cpu;
  const flags = new Uint8Array(rows.shape[0]! * size);
  fill(flags, cpu.data.get(rows.dataId).values);
  return cpu.makeTensorInfo(shape, 'bool', flags);
}

/**
 * A condition of one axis chooses whole rows; the cpu and the wasm backend repeat the first values of
 * `t` and `e` instead. They get the condition of every value.
 */
function byRows(registered: KernelFunc): KernelFunc {
  return (parameters) => {
    const condition = parameters.inputs['condition']!;
    const { shape } = parameters.inputs['t']!;
    if (condition.shape.length !== 1 || shape.length < 2) return registered(parameters);
    const all = spread(parameters.backend, condition, shape);
    const result = registered({ ...parameters, inputs: { ...parameters.inputs, condition: all } });
    (parameters.backend as KernelBackend).disposeData(all.dataId);
    return result;
  };
}

export const selectKernels: readonly KernelMend[] = ['cpu', 'wasm'].map((backendName) => ({
  kernelName: 'Select',
  backendName,
  mend: byRows,
}));
