import { availableParallelism } from 'node:os';
import {
  findBackend,
  findBackendFactory,
  getGradient,
  getKernel,
  getKernelsForBackend,
  registerBackend,
  registerKernel,
  removeBackend,
  type KernelConfig,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { OnnxRuntimeBackend } from './backend.js';
import { OnnxRuntimeSetupError, TensorStateError } from './errors.js';
import './fallback.js';
import { resolveOptions, type OnnxRuntimeOptions, type ResolvedOptions } from './options.js';
import './record/all.js';
import { fallBack, kernels, type KernelParameters } from './record/define.js';
import { registerGroupedGradients } from './record/grouped.js';
import { loadRuntime, type Runtime } from './runtime/binding.js';
import { checkProvider, probeBlockSize } from './runtime/probe.js';
import { probeRefusal } from './runtime/results.js';
import type { OnnxRuntimeStats } from './stats.js';

/** The name to give to `tf.setBackend`. */
export const backendName = 'onnxruntime';

/** Above tfjs' cpu (1) and wasm (2), so that it is chosen when nothing is. */
const priority = 3;

/**
 * Registers the backend under the name `onnxruntime`, with all its kernels; call
 * `await tf.setBackend('onnxruntime')` to use it. A second call replaces the options of a backend
 * that was registered before (its tensors are lost).
 *
 * @throws OnnxRuntimeSetupError when ONNX Runtime or the asked execution provider cannot be used
 *   here.
 * @example
 * registerOnnxRuntime({ threads: 4 }); await tf.setBackend('onnxruntime');
 */
export function registerOnnxRuntime(options: OnnxRuntimeOptions = {}): void {
  const resolved = resolveOptions(options, availableParallelism());
  const runtime = loadRuntime();
  checkProvider(runtime, resolved);
  const blockSize = chooseBlockSize(runtime, resolved);
  const refusal = resolved.executionProvider === 'cpu' ? probeRefusal(runtime) : null;
  if (findBackendFactory(backendName)) removeBackend(backendName);
  registerBackend(backendName, () => new OnnxRuntimeBackend(runtime, resolved, blockSize, refusal), priority);
  registerKernels();
}

function chooseBlockSize(runtime: Runtime, options: ResolvedOptions): number {
  if (options.lowering === 'plain' || options.executionProvider !== 'cpu') return 0;
  const found = probeBlockSize(runtime);
  if (options.lowering === 'blocked' && found === 0)
    throw new OnnxRuntimeSetupError(
      "lowering: 'blocked' was asked for, but ONNX Runtime's blocked convolution gives no right answer on this CPU with " +
        "blocks of 16 or 8 channels. Use 'auto'.",
    );
  return found;
}

/** All recorded kernels, and every other kernel of the cpu backend as it is there. */
function registerKernels(): void {
  if (!getGradient('GroupedConv2D')) registerGroupedGradients();
  for (const [kernelName, kernelFunc] of kernels)
    if (!getKernel(kernelName, backendName))
      registerKernel({ kernelName, backendName, kernelFunc: kernelFunc as unknown as KernelConfig['kernelFunc'] });
  for (const { kernelName } of getKernelsForBackend('cpu')) {
    if (getKernel(kernelName, backendName)) continue;
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: ((parameters: KernelParameters) =>
        fallBack(
          parameters.backend,
          kernelName,
          parameters.inputs,
          parameters.attrs,
        )) as unknown as KernelConfig['kernelFunc'],
    });
  }
}

function current(): OnnxRuntimeBackend {
  const backend = findBackend(backendName);
  if (backend instanceof OnnxRuntimeBackend) return backend;
  throw new TensorStateError("The backend 'onnxruntime' is not in use: call await tf.setBackend('onnxruntime') first.");
}

/** Computes the given tensors now, or every live recorded value. */
export function flush(tensors?: readonly Tensor[]): void {
  current().flush(tensors);
}

/** What the backend compiled, ran, kept and left to the cpu backend so far. */
export function stats(): OnnxRuntimeStats {
  return current().stats();
}
