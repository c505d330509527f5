import { AdvrobError } from '@advrob/core';
// Also the gradient that the wasm backend lacks.
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import type { ExecutionProvider } from '@advrob/backend-onnxruntime';
import { locate } from '../plugins/locate.js';

/** The backends that the command line knows, best first, and where each comes from. */
export const backends = {
  onnxruntime: '@advrob/backend-onnxruntime',
  gpu: '@advrob/backend-onnxruntime',
  cuda: '@advrob/backend-onnxruntime',
  node: '@tensorflow/tfjs-node',
  'node-gpu': '@tensorflow/tfjs-node-gpu',
  wasm: '@tensorflow/tfjs-backend-wasm',
  cpu: '@tensorflow/tfjs-backend-cpu',
} as const;

export type BackendName = keyof typeof backends;

/** What tfjs itself calls its native backends, and the long name of a provider. */
const otherNames: Readonly<Record<string, BackendName>> = {
  tensorflow: 'node',
  'tensorflow-gpu': 'node-gpu',
  'onnxruntime:webgpu': 'gpu',
  'onnxruntime:cuda': 'cuda',
};

/** Where ONNX Runtime computes. A GPU is chosen by name alone: no card was measured yet. */
const providers: Partial<Record<BackendName, ExecutionProvider>> = { onnxruntime: 'cpu', gpu: 'webgpu', cuda: 'cuda' };

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
  gpu: 'onnxruntime',
  cuda: 'onnxruntime',
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
    const executionProvider = providers[name];
    if (executionProvider) {
      const { registerOnnxRuntime } = await import('@advrob/backend-onnxruntime');
      registerOnnxRuntime({
        executionProvider,
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

/**
 * tfjs-node 4.22.0, the last there is, calls functions of Node that version 23 removed: it loads, and
 * then no kernel works.
 */
function checkNodeVersion(name: BackendName): void {
  if (!optional.includes(name) || Number(process.versions.node.split('.')[0]) < 23) return;
  throw new AdvrobError(
    'ADVROB_BACKEND',
    `backend '${name}' needs Node 20 or 22: tfjs-node 4.22.0 calls functions that Node 23 removed; use --backend onnxruntime, or gpu`,
  );
}

/** Whether the package itself is missing, or something that it needs. */
function describeFailure(name: BackendName, cause: Error): string {
  const source = backends[name];
  const isMissing =
    (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' && cause.message.includes(`'${source}'`);
  if (isMissing)
    return `backend '${name}' needs the package ${source}, which is not installed in this folder: npm install ${source}`;
  const said = cause.message.split('\n')[0]!;
  if (name === 'gpu' || name === 'cuda') {
    const looked = said.replace(/^The execution provider '\w+' cannot be used here: /, '');
    return `backend '${name}' does not run here: ${looked.replace(/ Leave executionProvider.*$/, '')}`;
  }
  const hint = optional.includes(name)
    ? `; its install script downloads the native library, so let it run: npm rebuild ${source}`
    : '';
  return `the package ${source} of backend '${name}' failed to load: ${said}${hint}`;
}

async function activate(name: BackendName, options: BackendOptions): Promise<void> {
  checkNodeVersion(name);
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
