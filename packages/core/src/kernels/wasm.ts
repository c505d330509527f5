import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelMend } from '../gradients/registries.js';
import { hostOf, valueByValue } from './host.js';

const backendName = 'wasm';

interface Wasm {
  makeOutput(shape: number[], dtype: string): TensorInfo;
  typedArrayFromHeap(info: TensorInfo): Float32Array | Int32Array | Uint8Array;
  incRef(dataId: object): void;
}

/** A copy is one more name of the same values, as on other backends: every saved tensor is one. */
const identity: KernelFunc = ({ inputs, backend }) => {
  const { dataId, shape, dtype } = inputs['x']!;
  (backend as Wasm).incRef(dataId);
  return { dataId, shape, dtype };
};

/** Everything but 0 is true; the backend's own cuts numbers to bytes. */
function cast(registered: KernelFunc): KernelFunc {
  return (parameters) => {
    const x = parameters.inputs['x']!;
    if (parameters.attrs!['dtype'] !== 'bool') return registered(parameters);
    const wasm = parameters.backend as Wasm;
    const out = wasm.makeOutput(x.shape, 'bool');
    const [values, flags] = [wasm.typedArrayFromHeap(x), wasm.typedArrayFromHeap(out)];
    for (let i = 0; i < flags.length; i++) flags[i] = values[i] === 0 ? 0 : 1;
    return out;
  };
}

/** Sums of rows by the number of their segment; rows of other numbers are left out. */
const segmentSums: KernelFunc = ({ inputs, attrs, backend }) => {
  const [x, segmentIds] = [inputs['x']!, inputs['segmentIds']!];
  const { numSegments } = attrs as unknown as { numSegments: number };
  const host = hostOf(backend);
  const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
  const size = shape.slice(1).reduce((product, extent) => product * extent, 1);
  const [ids, values, sums] = [host.read(segmentIds), host.read(x), new Float32Array(numSegments * size)];
  ids.forEach((id, row) => {
    if (id < 0 || id >= numSegments) return;
    for (let i = 0; i < size; i++) sums[id * size + i]! += values[row * size + i]!;
  });
  return host.write(shape, sums);
};

/** Kernels that lose small numbers, or NaN, and are computed in JavaScript instead. */
const exact: Readonly<Record<string, Parameters<typeof valueByValue>[1]>> = {
  Sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  Log1p: Math.log1p,
  Sin: Math.sin,
  Cos: Math.cos,
  Relu6: (x) => (x < 0 ? 0 : x > 6 ? 6 : x),
  ClipByValue: (x, { clipValueMin, clipValueMax }) =>
    x < clipValueMin! ? clipValueMin! : x > clipValueMax! ? clipValueMax! : x,
};

export const wasmKernels: readonly KernelMend[] = [
  ...Object.entries(exact).map(([kernelName, compute]): KernelMend => ({
    kernelName,
    backendName,
    mend: (registered) => valueByValue(registered, (x, attributes) => compute(x, attributes)),
  })),
  { kernelName: 'Identity', backendName, mend: () => identity },
  { kernelName: 'Cast', backendName, mend: cast },
];

/** Kernels that the wasm backend lacks. */
export const kernelsForWasm = [{ kernelName: 'UnsortedSegmentSum', backendName, kernelFunc: segmentSums }];
