// First module of the bundle: tells tfjs-core's suite to use the backend under test, which `begin` registers for a mode.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
import { collectReported, watchFallbacks } from './fallbacks.mjs';
import { modes } from './modes.mjs';
import { shareSessions } from './sessions.mjs';

const backendName = process.env.CONFORMANCE_BACKEND;
const isCpu = backendName === 'cpu';
const calls = isCpu ? {} : watchFallbacks();
const backend = isCpu ? null : await import('../src/index.js');
const { kernels } = isCpu ? { kernels: new Map() } : await import('../src/record/define.js');
if (!isCpu) {
  await import('../src/gradients.js');
  const { loadRuntime } = await import('../src/runtime/binding.js');
  shareSessions(loadRuntime());
}
tf.enableProdMode();
Error.stackTraceLimit = 10; // jasmine_util wants all of every stack, and jasmine takes one for each spec

// One name for every mode, because it becomes part of the specs' names and these are compared.
setTestEnvs([{ name: 'subject', backendName, isDataSync: true }]);

/**
 * Registers the backend for a mode. The returned function tells after the run: calls of cpu kernels on behalf of the backend (`fallbacks`),
 * the same as the backend itself reports it (`reported`), and the kernels that it records (`recorded`).
 */
export function begin(mode) {
  if (isCpu) return () => ({ fallbacks: {}, reported: {}, recorded: [] });
  backend.registerOnnxRuntime(modes[mode].options);
  const reported = collectReported(backendName);
  delete calls[backendName];
  return () => ({ fallbacks: calls[backendName] ?? {}, reported, recorded: [...kernels.keys()] });
}
