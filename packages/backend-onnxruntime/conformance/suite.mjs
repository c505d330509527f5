// Entry of the bundle: the order matters, since the suite asks for its backend while it is loaded.
export { begin } from './setup.mjs';
import '@tensorflow/tfjs-core/dist/tests';
