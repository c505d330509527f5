import { elementTypes, type ElementType } from '../onnx/model.js';
import type { GraphBuilder } from '../onnx/builder.js';
import { defineElementwise } from './elementwise.js';
import { isFinite, isInfinite, isNumber } from './finite.js';

function cast(graph: GraphBuilder, name: string, type: ElementType): string {
  return graph.emit('Cast', [name], { to: elementTypes[type] });
}

/** NaN and infinities, undefined in C, become 0 as when JavaScript stores them in an integer array. */
export function toInteger(graph: GraphBuilder, x: string, type: 'float32' | 'float64'): string {
  const single = type === 'float64' ? cast(graph, x, 'float32') : x;
  return cast(graph, graph.emit('Where', [isFinite(graph, single), x, graph.constant(type, [], [0])]), 'int32');
}

defineElementwise('Pow', (graph, operands, { dtype }) => {
  if (dtype === 'float32') return graph.emit('Pow', operands);
  const wide = operands.map((operand) => cast(graph, operand, 'float64'));
  return toInteger(graph, graph.emit('Pow', wide), 'float64');
});

/** The remainder has the sign of the divisor. */
defineElementwise('Mod', (graph, operands, { dtype }) => {
  const type = dtype === 'float32' ? 'float32' : 'float64';
  const [a, b] = dtype === 'float32' ? operands : operands.map((operand) => cast(graph, operand, 'float64'));
  const zero = graph.constant(type, [], [0]);
  const remainder = graph.emit('Mod', [a!, b!], { fmod: 1 });
  const differs = graph.emit('Less', [graph.emit('Mul', [remainder, b!]), zero]);
  const result = graph.emit('Where', [differs, graph.emit('Add', [remainder, b!]), remainder]);
  return dtype === 'float32' ? result : toInteger(graph, result, 'float64');
});

defineElementwise('FloorDiv', (graph, operands, { inputTypes }) => {
  const isFloat = inputTypes[0] === 'float32';
  const [a, b] = isFloat ? operands : operands.map((operand) => cast(graph, operand, 'float64'));
  const quotient = graph.emit('Floor', [graph.emit('Div', [a!, b!])]);
  return toInteger(graph, quotient, isFloat ? 'float32' : 'float64');
});

defineElementwise('IsNan', (graph, [x]) => graph.emit('Not', [isNumber(graph, x!)]));
defineElementwise('IsInf', (graph, [x]) => isInfinite(graph, x!));
defineElementwise('IsFinite', (graph, [x]) => isFinite(graph, x!));
