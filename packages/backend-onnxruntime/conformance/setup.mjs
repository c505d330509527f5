// First module of the bundle: registers the backend under test and tells tfjs-core's suite to use it.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
import { watchFallbacks } from './fallbacks.mjs';
import { modes } from './modes.mjs';
import { collectReported } from './reported.mjs';

const { backendName, options } = modes[process.env.CONFORMANCE_MODE];

/** Calls of cpu kernels on behalf of the backend under test. */
export const fallbacks = backendName === 'cpu' ? {} : watchFallbacks(backendName);
/** The same as the backend itself reports it, by kernel. */
export let reported = {};
if (backendName !== 'cpu') {
  const { registerOnnxRuntime } = await import('../src/index.js');
  await registerOnnxRuntime(options);
  reported = collectReported(backendName);
}
tf.enableProdMode();

// One name for every mode, because it becomes part of the specs' names and these are compared.
setTestEnvs([{ name: 'subject', backendName, isDataSync: true }]);
