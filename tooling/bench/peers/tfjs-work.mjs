// A tfjs backend (first argument: onnxruntime, wasm or cpu) doing the work of ../nets/work.mjs.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers every gradient
import { buildWork } from '../nets/work.mjs';
import { watchNativeTime } from './native-time.mjs';
import { serve } from './serve.mjs';
import { useBackend } from './tfjs-backends.mjs';

const name = process.argv[2];
tf.enableProdMode();
const probe = name === 'onnxruntime' ? watchNativeTime() : undefined;
await useBackend(tf, name);
await serve((work, batch) => buildWork(tf, work, batch), probe);
