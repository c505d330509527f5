export { renderReport, type Report, type ReportOptions } from './render-report.js';
export { renderSweep, type SweepReport, type SweepRow, type SweptRun } from './render-sweep.js';
export { renderFigure, type RenderedFigure } from './figures/render-figure.js';
export type { DataRow, Figure, Value, Width } from './figures/figure.js';
export { encodePng } from './page/png.js';
