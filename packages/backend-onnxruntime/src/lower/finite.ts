import type { GraphBuilder } from '../onnx/builder.js';

// ONNX' IsNaN and IsInf exist on the CPU only; comparisons exist everywhere.

const largest = 3.4028234663852886e38;

/** False for NaN, which does not equal itself. */
export function isNumber(graph: GraphBuilder, x: string): string {
  return graph.emit('Equal', [x, x]);
}

/** False for NaN and infinities; `x` is float32. */
export function isFinite(graph: GraphBuilder, x: string): string {
  return graph.emit('LessOrEqual', [graph.emit('Abs', [x]), graph.constant('float32', [], [largest])]);
}

export function isInfinite(graph: GraphBuilder, x: string): string {
  return graph.emit('Equal', [graph.emit('Abs', [x]), graph.constant('float32', [], [Infinity])]);
}
