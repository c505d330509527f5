import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { getKernel, util, type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core';
import type { OnnxRuntimeBackend } from './backend.js';

let cpu: MathBackendCPU | undefined;

/** A cpu backend of our own: the one registered as 'cpu' belongs to the program. */
function cpuBackend(): MathBackendCPU {
  if (!cpu) {
    cpu = new MathBackendCPU();
    // Its first write prints advice to install another backend.
    (cpu as unknown as { firstUse: boolean }).firstUse = false;
  }
  return cpu;
}

/**
 * Computes a kernel with tfjs' cpu backend: reads its inputs (which flushes), runs it, takes over
 * its results.
 */
export function runOnCpu(
  backend: OnnxRuntimeBackend,
  kernelName: string,
  inputs: NamedTensorInfoMap,
  attributes: NamedAttrMap | undefined,
): TensorInfo | TensorInfo[] {
  const kernel = getKernel(kernelName, 'cpu');
  if (!kernel) throw new Error(`Kernel '${kernelName}' exists neither here nor in the cpu backend`);
  const host = cpuBackend();
  const taken: TensorInfo[] = [];
  const take = (info: TensorInfo): TensorInfo => {
    // A few cpu kernels read the rank that only tensors have.
    const copy = { ...toCpu(backend, host, info), rank: info.shape.length };
    taken.push(copy);
    return copy;
  };
  const given: NamedTensorInfoMap | TensorInfo[] = Array.isArray(inputs) ? inputs.map(take) : {};
  if (!Array.isArray(given))
    for (const name in inputs) {
      // The ragged kernels have lists among their inputs, which tfjs' type does not tell.
      const info = inputs[name] as TensorInfo | TensorInfo[] | null | undefined;
      if (info) given[name] = (Array.isArray(info) ? info.map(take) : take(info)) as TensorInfo;
    }
  try {
    const result = kernel.kernelFunc({ inputs: given as NamedTensorInfoMap, backend: host, attrs: attributes ?? {} });
    return Array.isArray(result) ? result.map((info) => fromCpu(backend, host, info)) : fromCpu(backend, host, result);
  } finally {
    for (const { dataId } of taken) host.disposeData(dataId, true);
  }
}

function toCpu(backend: OnnxRuntimeBackend, host: MathBackendCPU, info: TensorInfo): TensorInfo {
  const entry = backend.entry(info.dataId);
  if (entry.kind === 'strings') return host.makeTensorInfo(info.shape, 'string', entry.strings);
  if (entry.kind === 'complex') {
    const real = toCpu(backend, host, entry.real);
    const imag = toCpu(backend, host, entry.imag);
    const made = getKernel('Complex', 'cpu').kernelFunc({
      inputs: { real, imag },
      backend: host,
      attrs: {},
    }) as TensorInfo;
    host.disposeData(real.dataId);
    host.disposeData(imag.dataId);
    return { ...made, shape: info.shape };
  }
  return host.makeTensorInfo(info.shape, info.dtype, backend.arrayOf(backend.value(info)));
}

function fromCpu(backend: OnnxRuntimeBackend, host: MathBackendCPU, info: TensorInfo): TensorInfo {
  const { dataId, shape, dtype } = info;
  let taken: TensorInfo;
  if (dtype === 'complex64') {
    const { real, imag } = host.data.get(dataId).complexTensorInfos!;
    const parts = [real, imag].map((part) => write(backend, host.readSync(part.dataId), shape, 'float32'));
    taken = backend.outputComplex(parts[0]!, parts[1]!);
    for (const part of parts) backend.disposeData(part.dataId);
  } else {
    const values = host.data.get(dataId).values ?? [];
    taken = write(backend, dtype === 'string' ? encoded(values as (Uint8Array | string)[]) : values, shape, dtype);
  }
  host.disposeData(dataId, true);
  return taken;
}

function encoded(values: (Uint8Array | string)[]): Uint8Array[] {
  return values.map((value) => (typeof value === 'string' ? util.encodeString(value) : value));
}

function write(
  backend: OnnxRuntimeBackend,
  values: Parameters<OnnxRuntimeBackend['write']>[0],
  shape: number[],
  dtype: TensorInfo['dtype'],
): TensorInfo {
  return { dataId: backend.write(values, shape, dtype), shape, dtype };
}
