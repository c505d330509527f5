// A tfjs backend (first argument: onnxruntime, onnxruntime+deterministic, wasm or cpu) doing the work of ../nets/work.mjs.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers every gradient
import { buildWork } from '../nets/work.mjs';
import { watchNativeTime } from './native-time.mjs';
import { serve } from './serve.mjs';
import { useBackend } from './tfjs-backends.mjs';

const name = process.argv[2];
tf.enableProdMode();
const nativeTime = name.startsWith('onnxruntime') ? watchNativeTime() : undefined;
await useBackend(tf, name);

/** Native time since the last call, and the backend's own clock of recording and of looking up graphs. */
let clock = { recordMs: 0, keyMs: 0 };
function measured() {
  const { recordMs, keyMs } = tf.backend().stats();
  const answer = { ...nativeTime(), recordMs: recordMs - clock.recordMs, keyMs: keyMs - clock.keyMs };
  clock = { recordMs, keyMs };
  return answer;
}

await serve((work, batch) => buildWork(tf, work, batch), nativeTime && measured);
