export { OnnxRuntimeBackend } from './backend.js';
export { GraphRunError, OnnxRuntimeSetupError, TensorStateError } from './errors.js';
export type { ExecutionProvider, OnnxRuntimeOptions } from './options.js';
export { backendName, flush, registerOnnxRuntime, stats } from './registration.js';
export type { OnnxRuntimeStats } from './stats.js';
