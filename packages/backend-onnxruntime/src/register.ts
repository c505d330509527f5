import './gradients.js';
import { registerOnnxRuntime } from './registration.js';

registerOnnxRuntime();
