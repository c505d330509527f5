import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';

/** [n, ...rest] to [n, product of rest], row-major. */
export const flatten: Layer = (x) => tf.reshape(x, [x.shape[0]!, x.size / Math.max(1, x.shape[0]!)]);

/** Rectified linear unit. */
export const relu: Layer = (x) => tf.relu(x);

/** Mean over the pixels: [n, h, w, c] to [n, c]. */
export const averageOverImage: Layer = (x) => tf.mean(x, [1, 2]);
