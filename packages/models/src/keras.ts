/**
 * Files that Keras saves: `.keras`, and `.h5` of whole models. Needs the package `h5wasm`.
 *
 * @packageDocumentation
 */
export { loadKerasFile } from './keras/keras-file.js';
