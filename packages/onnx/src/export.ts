export { exportOnnx, type ExportOptions } from './export/trace.js';
