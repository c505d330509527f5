import nodeModule from 'node:module';
import { OnnxRuntimeSetupError } from '../errors.js';

/** A tensor as ONNX Runtime's native part takes and gives it. */
export interface RuntimeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  /** Nowhere when it lies on a device. */
  readonly data: unknown;
  /** Gives memory on a device back. */
  dispose?(): void;
}

/** A session of the native part: both calls are synchronous. */
export interface NativeSession {
  loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, options: object): void;
  run(
    feeds: Record<string, RuntimeTensor>,
    fetches: Record<string, RuntimeTensor | null>,
    options: object,
  ): Record<string, RuntimeTensor>;
  dispose(): void;
}

export interface Runtime {
  createSession(): NativeSession;
  tensor(type: string, data: unknown, dims: readonly number[]): RuntimeTensor;
  providers: string[];
}

interface NativeBinding {
  binding?: {
    InferenceSession?: new () => NativeSession;
    listSupportedBackends?: () => { name: string }[];
  };
  initOrt?: () => void;
}

let loaded: Runtime | undefined;

/**
 * ONNX Runtime through its synchronous native session, which tfjs' `dataSync` needs. It is not
 * public API of onnxruntime-node, hence the exact version in package.json and the checks here.
 *
 * @throws OnnxRuntimeSetupError when the package, its binary or the native session is missing.
 */
export function loadRuntime(): Runtime {
  if (loaded) return loaded;
  const require = nodeModule.createRequire(import.meta.url);
  let native: NativeBinding;
  let Tensor: new (type: string, data: unknown, dims: readonly number[]) => RuntimeTensor;
  try {
    Tensor = (require('onnxruntime-node') as { Tensor: typeof Tensor }).Tensor;
    native = require('onnxruntime-node/dist/binding') as NativeBinding;
  } catch (cause) {
    throw new OnnxRuntimeSetupError(
      `onnxruntime-node could not be loaded on ${process.platform}-${process.arch}. Its package brings binaries for linux, ` +
        'windows (x64, arm64) and macOS (arm64); reinstall it, or choose another tfjs backend here.',
      { cause },
    );
  }
  const Session = native.binding?.InferenceSession;
  if (typeof Session !== 'function' || typeof native.initOrt !== 'function')
    throw new OnnxRuntimeSetupError(
      'onnxruntime-node has no synchronous native session (looked for binding.InferenceSession and initOrt in ' +
        'onnxruntime-node/dist/binding). Install onnxruntime-node 1.30.0, the version this backend is tested with.',
    );
  native.initOrt();
  loaded = {
    createSession: () => new Session(),
    tensor: (type, data, dims) => new Tensor(type, data, dims),
    providers: (native.binding?.listSupportedBackends?.() ?? []).map((provider) => provider.name),
  };
  return loaded;
}
