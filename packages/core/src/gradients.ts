/**
 * Registers tfjs' gradients: import this once, before the first gradient. Importing
 * `@tensorflow/tfjs-layers` does the same, but for one: the wasm backend lacks the gradient of a
 * convolution in its filter, without which it cannot train a conv net, and has it from here.
 *
 * @packageDocumentation
 */
// First, so that tfjs' engine and tensors are those of the peer, not of the part that is bundled
// here for the gradients: these lack `clone`.
import '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { provideFilterGradient } from './filter-gradient.js';

provideFilterGradient('wasm');
