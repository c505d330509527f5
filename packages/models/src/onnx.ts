export { fromOnnx, type FromOnnxOptions, type OnnxClassifier } from './onnx/classifier.js';
export type { OnnxLayout } from './onnx/ports.js';
export { exportClassifier, type ExportClassifierOptions } from './onnx/export.js';
