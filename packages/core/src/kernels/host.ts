import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

/** Values of a backend that lie in this process's memory, for kernels that JavaScript computes. */
export interface Host {
  read(info: TensorInfo): Float32Array;
  write(shape: readonly number[], values: Float32Array): TensorInfo;
}

interface Wasm {
  makeOutput(shape: number[], dtype: string): TensorInfo;
  typedArrayFromHeap(info: TensorInfo): Float32Array;
}

interface Cpu {
  readonly data: { get(dataId: object): { values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: string, values: Float32Array): TensorInfo;
}

/** Of the cpu or the wasm backend. The wasm heap may move at each `write`: read before. */
export function hostOf(backend: object): Host {
  if ('typedArrayFromHeap' in backend) {
    const wasm = backend as Wasm;
    return {
      read: (info) => wasm.typedArrayFromHeap(info),
      write(shape, values) {
        const out = wasm.makeOutput([...shape], 'float32');
        wasm.typedArrayFromHeap(out).set(values);
        return out;
      },
    };
  }
  const cpu = backend as Cpu;
  return {
    read: ({ dataId }) => cpu.data.get(dataId).values,
    write: (shape, values) => cpu.makeTensorInfo([...shape], 'float32', values),
  };
}

/** A kernel of one input, value by value in double precision; other types than float32 stay as is. */
export function valueByValue(
  registered: KernelFunc,
  compute: (x: number, attributes: Record<string, number>) => number,
): KernelFunc {
  return (parameters) => {
    const x = parameters.inputs['x']!;
    if (x.dtype !== 'float32') return registered(parameters);
    const host = hostOf(parameters.backend);
    const attributes = (parameters.attrs ?? {}) as Record<string, number>;
    const values = host.read(x);
    const results = new Float32Array(values.length);
    for (let i = 0; i < results.length; i++) results[i] = compute(values[i]!, attributes);
    return host.write(x.shape, results);
  };
}
