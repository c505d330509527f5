import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/** The backends that the command line knows, best first, and where each comes from. */
export const backends = {
  onnxruntime: '@advrob/backend-onnxruntime',
  node: '@tensorflow/tfjs-node',
  'node-gpu': '@tensorflow/tfjs-node-gpu',
  wasm: '@tensorflow/tfjs-backend-wasm',
  cpu: '@tensorflow/tfjs-backend-cpu',
} as const;

export type BackendName = keyof typeof backends;

export interface BackendChoice {
  readonly name: BackendName;
  /** Why this one, in a sentence. */
  readonly why: string;
}

export interface BackendOptions {
  /** Threads of the onnxruntime backend. Default: all cores. */
  readonly threads?: number;
  /** Whether results may depend on nothing but the program. Default true; the onnxruntime backend is a little slower with it. */
  readonly deterministic?: boolean;
}

/** What tfjs calls the backend once its package is loaded. */
const tfjsNames: Readonly<Record<BackendName, string>> = {
  onnxruntime: 'onnxruntime',
  node: 'tensorflow',
  'node-gpu': 'tensorflow',
  wasm: 'wasm',
  cpu: 'cpu',
};

/**
 * Loads and activates a backend. Without a name: onnxruntime, or where that cannot run, wasm.
 *
 * @throws AdvrobError `ADVROB_BACKEND` for an unknown name, a package that is not installed (with the line that installs it), or one that fails to start.
 */
export async function selectBackend(name?: string, options: BackendOptions = {}): Promise<BackendChoice> {
  tf.enableProdMode();
  if (name !== undefined) {
    if (!(name in backends))
      throw new AdvrobError('ADVROB_BACKEND', `no backend '${name}'; there are ${Object.keys(backends).join(', ')}`);
    await activate(name as BackendName, options);
    return { name: name as BackendName, why: 'asked for' };
  }
  try {
    await activate('onnxruntime', options);
    return { name: 'onnxruntime', why: 'the default: native speed, found and working' };
  } catch (error) {
    await activate('wasm', options);
    return { name: 'wasm', why: `onnxruntime does not run here (${(error as Error).message})` };
  }
}

/** Loads the package of a backend without activating it. */
export async function loadBackend(name: BackendName, options: BackendOptions = {}): Promise<void> {
  const source = backends[name];
  try {
    if (name === 'onnxruntime') {
      const { registerOnnxRuntime } = await import('@advrob/backend-onnxruntime');
      registerOnnxRuntime({
        deterministic: options.deterministic ?? true,
        ...(options.threads !== undefined && { threads: options.threads }),
      });
    } else if (name === 'wasm') {
      const wasm = await import('@tensorflow/tfjs-backend-wasm');
      wasm.setThreadsCount(options.threads ?? 2);
    } else await import(source);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    throw new AdvrobError(
      'ADVROB_BACKEND',
      missing
        ? `backend '${name}' needs the package ${source}, which is not installed: npm install ${source}`
        : `the package ${source} of backend '${name}' failed to load: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function activate(name: BackendName, options: BackendOptions): Promise<void> {
  await loadBackend(name, options);
  let works = false;
  let cause: unknown;
  try {
    works = await tf.setBackend(tfjsNames[name]);
    await tf.ready();
  } catch (error) {
    cause = error;
  }
  if (!works)
    throw new AdvrobError('ADVROB_BACKEND', `backend '${name}' did not start; run 'advrob doctor'`, { cause });
}
