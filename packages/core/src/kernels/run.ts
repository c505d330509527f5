import { getKernel, type KernelBackend, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';

type Run = (name: string, inputs: Record<string, TensorInfo>, attributes?: object) => TensorInfo;

/** Kernels of one backend, of which others are made. */
export interface Kernels {
  readonly run: Run;
  /** Frees what was made on the way, when the result is there. */
  free(...tensors: readonly TensorInfo[]): void;
}

/**
 * The backend's own kernels; what they give is no tensor of the engine yet and is freed by hand.
 */
export function kernelsOf(backendName: string, backend: object): Kernels {
  return {
    run: (name, inputs, attrs = {}) =>
      getKernel(name, backendName).kernelFunc({ inputs, attrs: attrs as NamedAttrMap, backend }) as TensorInfo,
    free: (...tensors) => tensors.forEach(({ dataId }) => (backend as KernelBackend).disposeData(dataId)),
  };
}

/**
 * The kernels, and everything that they made, freed at the end but for the result; `own` adds what
 * was made otherwise.
 */
export function composed(
  backendName: string,
  backend: object,
  compose: (run: Run, own: (info: TensorInfo) => TensorInfo) => TensorInfo,
): TensorInfo {
  const { run, free } = kernelsOf(backendName, backend);
  const made: TensorInfo[] = [];
  const own = (info: TensorInfo): TensorInfo => {
    made.push(info);
    return info;
  };
  const result = compose((name, inputs, attributes) => own(run(name, inputs, attributes)), own);
  free(...made.filter((info) => info !== result));
  return result;
}
