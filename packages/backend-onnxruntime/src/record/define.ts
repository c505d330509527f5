import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { OnnxRuntimeBackend } from '../backend.js';
import { TensorStateError } from '../errors.js';
import { runOnCpu } from '../fallback.js';
import { allocate } from '../ir/arrays.js';
import { bufferOf, computed, newestId } from '../ir/create.js';
import type { Value } from '../ir/value.js';

/** One call of a kernel, as its recorder sees it. */
export interface KernelCall<A = Record<string, never>> {
  readonly attributes: A;
  /** The value of a required input. */
  input(name: string): Value;
  /** The value of an input that may be missing. */
  optional(name: string): Value | null;
  /** All inputs, for kernels that take a list. */
  readonly all: readonly Value[];
}

/** Records a kernel; null leaves this call (its types, its attributes) to the cpu backend. */
export type Recorder<A> = (call: KernelCall<A>) => Value | readonly Value[] | null;

export interface KernelParameters {
  inputs: NamedTensorInfoMap;
  backend: OnnxRuntimeBackend;
  attrs?: NamedAttrMap;
}

export type KernelFunction = (parameters: KernelParameters) => TensorInfo | TensorInfo[];

/** Every kernel of the backend by its tfjs name. */
export const kernels = new Map<string, KernelFunction>();

/**
 * Defines a kernel by its recorder. Calls on strings and complex numbers go to the cpu backend; so
 * do calls whose result is computed from empty arrays, unless the recorder knows it as a constant.
 */
export function defineKernel<A = Record<string, never>>(name: string, record: Recorder<A>): void {
  kernels.set(name, ({ inputs, backend, attrs }) => {
    const started = performance.now();
    const infos = Object.values(inputs).filter((info) => info !== undefined && info !== null);
    for (const info of infos)
      if (info.dtype === 'string' || info.dtype === 'complex64') return fallBack(backend, name, inputs, attrs);
    const all = infos.map((info) => valueFor(name, backend, info));
    const hasEmpty = all.some((value) => value.size === 0);
    const before = hasEmpty ? newestId() : 0;
    const optional = (input: string): Value | null => {
      const info = inputs[input];
      return info === undefined || info === null ? null : backend.value(info);
    };
    const result = record({
      attributes: (attrs ?? {}) as unknown as A,
      all,
      optional,
      input(input) {
        const value = optional(input);
        if (!value) throw new Error(`Kernel ${name} needs the input '${input}'`);
        return value;
      },
    });
    backend.counters.recordMs += performance.now() - started;
    if (result === null) return fallBack(backend, name, inputs, attrs);
    if (hasEmpty) {
      backend.counters.emptyKernels++;
      const results = Array.isArray(result) ? (result as Value[]) : [result as Value];
      if (results.some((value) => value.size > 0 && readsEmpty(value, before)))
        return runOnCpu(backend, name, inputs, attrs);
    }
    return Array.isArray(result)
      ? result.map((value: Value) => backend.output(nonEmpty(value)))
      : backend.output(nonEmpty(result as Value));
  });
}

function valueFor(kernel: string, backend: OnnxRuntimeBackend, info: TensorInfo): Value {
  try {
    return backend.value(info);
  } catch (cause) {
    if (!(cause instanceof TensorStateError)) throw cause;
    throw new TensorStateError(`Kernel ${kernel}, input [${info.shape}]: ${cause.message}`, { cause });
  }
}

/** Defines a kernel that works on data ids instead of recording. */
export function defineDataKernel(name: string, run: KernelFunction): void {
  kernels.set(name, run);
}

/** Leaves one call to the cpu backend and counts it. */
export function fallBack(
  backend: OnnxRuntimeBackend,
  name: string,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap | undefined,
): TensorInfo | TensorInfo[] {
  backend.counters.fallbacks[name] = (backend.counters.fallbacks[name] ?? 0) + 1;
  return runOnCpu(backend, name, inputs, attrs);
}

/**
 * Whether computing `value` would read an array without elements; looks at what was recorded after
 * `before` only.
 */
function readsEmpty(value: Value, before: number): boolean {
  if (value.size === 0) return true;
  return value.id > before && (value.node?.inputs.some((input) => readsEmpty(input, before)) ?? false);
}

/** ONNX Runtime never sees arrays without elements. */
function nonEmpty(value: Value): Value {
  return value.size === 0 ? computed(bufferOf(allocate(value.dtype, 0), false), value.shape, value.dtype) : value;
}
