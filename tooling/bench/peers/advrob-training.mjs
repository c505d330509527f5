// Adversarial training on a tfjs backend (first argument) for the bench `training`; see ../nets/adversarial-training.mjs.
import * as tf from '@tensorflow/tfjs-core';
import '../../../packages/core/dist/gradients.js';
import { buildTraining } from '../nets/adversarial-training.mjs';
import { watchNativeTime } from './native-time.mjs';
import { serve } from './serve.mjs';
import { useBackend } from './tfjs-backends.mjs';

const name = process.argv[2];
tf.enableProdMode();
const nativeTime = name.startsWith('onnxruntime') ? watchNativeTime() : () => ({});
await useBackend(tf, name);

/** Since the last call: time in native code, and the backend's own clock of recording and of looking up graphs. Now: tensors, and bytes after a collection. */
let clock = { recordMs: 0, keyMs: 0 };
function measured() {
  const { recordMs = 0, keyMs = 0 } = tf.backend().stats?.() ?? {};
  const spent = { ...nativeTime(), recordMs: recordMs - clock.recordMs, keyMs: keyMs - clock.keyMs };
  clock = { recordMs, keyMs };
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { ...spent, tensors: tf.memory().numTensors, heapMb: heapUsed / 1e6, residentMb: rss / 1e6 };
}

await serve((work, batch) => buildTraining(tf, work, batch), measured);
