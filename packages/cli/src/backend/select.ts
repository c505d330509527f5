import { AdvrobError } from '@advrob/core';
// Also the gradient that the wasm backend lacks.
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { locate } from '../plugins/locate.js';

/** The backends that the command line knows, best first, and where each comes from. */
export const backends = {
  onnxruntime: '@advrob/backend-onnxruntime',
  node: '@tensorflow/tfjs-node',
  'node-gpu': '@tensorflow/tfjs-node-gpu',
  wasm: '@tensorflow/tfjs-backend-wasm',
  cpu: '@tensorflow/tfjs-backend-cpu',
} as const;

export type BackendName = keyof typeof backends;

/** What tfjs itself calls its native backends. */
const otherNames: Readonly<Record<string, BackendName>> = { tensorflow: 'node', 'tensorflow-gpu': 'node-gpu' };

/** Every name that is understood. */
export const backendNames: readonly string[] = [...Object.keys(backends), ...Object.keys(otherNames)];

/**
 * Native code that a user installs beside the command: the download comes from another host than
 * the registry.
 */
const optional: readonly BackendName[] = ['node', 'node-gpu'];

export interface BackendChoice {
  readonly name: BackendName;
  /** Why this one, in a sentence. */
  readonly why: string;
}

interface BackendOptions {
  /** Threads of the onnxruntime backend. Default: all cores. */
  readonly threads?: number | undefined;
  /**
   * Whether results may depend on nothing but the program. Default true, at a small price in speed.
   */
  readonly deterministic?: boolean | undefined;
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
 * @throws AdvrobError `ADVROB_BACKEND` for an unknown name, a package that is not installed (with
 *   the line that installs it), or one that fails to start.
 */
export async function selectBackend(name?: string, options: BackendOptions = {}): Promise<BackendChoice> {
  tf.enableProdMode();
  if (name !== undefined) {
    if (!backendNames.includes(name))
      throw new AdvrobError('ADVROB_BACKEND', `no backend '${name}'; there are ${Object.keys(backends).join(', ')}`);
    const known = otherNames[name] ?? (name as BackendName);
    await activate(known, options);
    return { name: known, why: 'asked for' };
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
async function loadBackend(name: BackendName, options: BackendOptions = {}): Promise<void> {
  const source = backends[name];
  try {
    if (name === 'onnxruntime') {
      const { registerOnnxRuntime } = await import('@advrob/backend-onnxruntime');
      registerOnnxRuntime({
        deterministic: options.deterministic ?? true,
        // Several attacks on several models in one process: more graphs than a program of one's own
        // has.
        maxSessions: 256,
        ...(options.threads !== undefined && { threads: options.threads }),
      });
    } else if (name === 'wasm') {
      const wasm = await import('@tensorflow/tfjs-backend-wasm');
      wasm.setThreadsCount(options.threads ?? 2);
    } else await import(optional.includes(name) ? locate(source, process.cwd()) : source);
  } catch (cause) {
    throw new AdvrobError('ADVROB_BACKEND', describeFailure(name, cause as Error), { cause });
  }
}

/** Whether the package itself is missing, or something that it needs. */
function describeFailure(name: BackendName, cause: Error): string {
  const source = backends[name];
  const isMissing =
    (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' && cause.message.includes(`'${source}'`);
  if (isMissing)
    return `backend '${name}' needs the package ${source}, which is not installed in this folder: npm install ${source}`;
  const hint = optional.includes(name)
    ? `; its install script downloads the native library, so let it run: npm rebuild ${source}`
    : '';
  return `the package ${source} of backend '${name}' failed to load: ${cause.message.split('\n')[0]}${hint}`;
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
