export { exportOnnx, watchKernels, type ExportOptions, type RanKernel } from './export/trace.js';
