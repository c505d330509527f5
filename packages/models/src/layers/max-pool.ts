import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';

/** Largest value of each 2 x 2 window, stride 2; an odd last row or column is dropped, as in PyTorch. */
export const maxPool2: Layer = (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid');
