/**
 * Registers tfjs' gradients: import this once, before the first gradient. Importing `@tensorflow/tfjs-layers` does the same.
 *
 * @packageDocumentation
 */
import '@tensorflow/tfjs-core/dist/register_all_gradients';
