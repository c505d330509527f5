import type { GraphBuilder } from '../onnx/builder.js';
import { elementTypes, type ElementType } from '../onnx/model.js';
import { defineApproximated, defineElementwise } from './define.js';

// Recorded ops whose ONNX op has the same meaning and operands.
for (const op of [
  ...['Add', 'Sub', 'Div', 'Neg', 'Abs', 'Floor', 'Ceil'],
  ...['Equal', 'Greater', 'Less', 'And', 'Not', 'Where'],
])
  defineElementwise(op, (graph, operands) => graph.emit(op, operands));

/** To the even one of two that are as near. */
defineElementwise('Round', (graph, [x], { onDevice }) => {
  if (!onDevice) return graph.emit('Round', [x!]);
  const number = (value: number): string => graph.constant('float32', [], [value]);
  const floor = graph.emit('Floor', [x!]);
  const above = graph.emit('Sub', [x!, floor]);
  const next = graph.emit('Add', [floor, number(1)]);
  const half = graph.emit('Mul', [next, number(0.5)]);
  const even = graph.emit('Mul', [graph.emit('Floor', [half]), number(2)]);
  const upOrEven = graph.emit('Where', [graph.emit('Greater', [above, number(0.5)]), next, even]);
  return graph.emit('Where', [graph.emit('Less', [above, number(0.5)]), floor, upOrEven]);
});

for (const op of [
  ...['Exp', 'Log', 'Sqrt', 'Reciprocal', 'Tanh', 'Erf'],
  ...['Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh'],
])
  defineApproximated(op, (graph, operands) => graph.emit(op, operands));

/**
 * In 64 bits, where adding 1 loses nothing that 32 bits could hold down to 1e-5; below, the first two
 * terms of the series, x + x * x / 2 or x - x * x / 2.
 */
function aroundZero(op: 'Log1p' | 'Expm1', wideResult: (graph: GraphBuilder, wide: string) => string): void {
  const half = op === 'Log1p' ? -0.5 : 0.5;
  defineApproximated(op, (graph, [x], { onDevice }) => {
    if (onDevice) return aroundZeroInSingle(graph, op, x!);
    const number = (value: number): string => graph.constant('float64', [], [value]);
    const wide = graph.emit('Cast', [x!], { to: 11 });
    const factor = graph.emit('Add', [graph.emit('Mul', [wide, number(half)]), number(1)]);
    const isSmall = graph.emit('Less', [graph.emit('Abs', [wide]), number(1e-5)]);
    const near = graph.emit('Mul', [wide, factor]);
    return graph.emit('Cast', [graph.emit('Where', [isSmall, near, wideResult(graph, wide)])], { to: 1 });
  });
}

/**
 * In 32 bits: what rounding takes from `1 + x`, or from `exp x`, the logarithm of the rounded value
 * knows (Kahan; Goldberg 1991, theorem 4).
 */
function aroundZeroInSingle(graph: GraphBuilder, op: 'Log1p' | 'Expm1', x: string): string {
  const one = graph.constant('float32', [], [1]);
  const rounded = op === 'Log1p' ? graph.emit('Add', [x, one]) : graph.emit('Exp', [x]);
  const kept = graph.emit('Sub', [rounded, one]);
  const log = graph.emit('Log', [rounded]);
  const ratio =
    op === 'Log1p'
      ? graph.emit('Mul', [log, graph.emit('Div', [x, kept])])
      : graph.emit('Mul', [kept, graph.emit('Div', [x, log])]);
  const isLost = graph.emit('Equal', [kept, graph.constant('float32', [], [0])]);
  // Far from zero nothing is lost, and the ratio may be of infinities.
  const isFar = graph.emit('Greater', [graph.emit('Abs', [x]), graph.constant('float32', [], [8])]);
  const near = graph.emit('Where', [isLost, x, ratio]);
  return graph.emit('Where', [isFar, op === 'Log1p' ? log : kept, near]);
}

aroundZero('Log1p', (graph, wide) =>
  graph.emit('Log', [graph.emit('Add', [wide, graph.constant('float64', [], [1])])]),
);
aroundZero('Expm1', (graph, wide) =>
  graph.emit('Sub', [graph.emit('Exp', [wide]), graph.constant('float64', [], [1])]),
);

/** In one order, so that the same product is computed once. */
defineElementwise('Mul', (graph, operands) => graph.emit('Mul', [...operands].sort()));

defineElementwise('Or', (graph, operands) => {
  const neither = graph.emit(
    'And',
    operands.map((operand) => graph.emit('Not', [operand])),
  );
  return graph.emit('Not', [neither]);
});

defineElementwise('Maximum', (graph, operands) => graph.emit('Max', operands));
defineElementwise('Minimum', (graph, operands) => graph.emit('Min', operands));
defineElementwise('GreaterEqual', (graph, operands) => graph.emit('GreaterOrEqual', operands));
defineElementwise('LessEqual', (graph, operands) => graph.emit('LessOrEqual', operands));
defineElementwise('NotEqual', (graph, operands) => graph.emit('Not', [graph.emit('Equal', operands)]));
defineElementwise('Square', (graph, [x]) => graph.emit('Mul', [x!, x!]));
defineApproximated('Rsqrt', (graph, [x]) => graph.emit('Reciprocal', [graph.emit('Sqrt', [x!])]));
defineElementwise('SquaredDifference', (graph, operands) => {
  const difference = graph.emit('Sub', operands);
  return graph.emit('Mul', [difference, difference]);
});

/** tfjs' sign of NaN is 0: it is neither above nor below. */
defineElementwise('Sign', (graph, [x]) => {
  const zero = graph.constant('float32', [], [0]);
  const holds = (op: string): string => graph.emit('Cast', [graph.emit(op, [x!, zero])], { to: elementTypes.float32 });
  return graph.emit('Sub', [holds('Greater'), holds('Less')]);
});

/** NaN passes through Min and Max, as tfjs' comparisons let it. */
defineElementwise('Clip', (graph, [x], { attributes, dtype }) => {
  const bound = (name: 'low' | 'high'): string => graph.constant(dtype, [], [attributes[name] as number]);
  return graph.emit('Min', [graph.emit('Max', [x!, bound('low')]), bound('high')]);
});

/** To int32 truncates; NaN and infinities, undefined in C, become 0 as in JavaScript. */
defineElementwise('Cast', (graph, [x], { dtype, inputTypes }) => {
  const target = { to: elementTypes[dtype] };
  if (dtype !== 'int32' || inputTypes[0] !== 'float32') return graph.emit('Cast', [x!], target);
  return toInteger(graph, x!, 'float32');
});

function cast(graph: GraphBuilder, name: string, type: ElementType): string {
  return graph.emit('Cast', [name], { to: elementTypes[type] });
}

/**
 * NaN and infinities, undefined in C, become 0 as when JavaScript stores them in an integer array.
 */
function toInteger(graph: GraphBuilder, x: string, type: 'float32' | 'float64'): string {
  const single = type === 'float64' ? cast(graph, x, 'float32') : x;
  return cast(graph, graph.emit('Where', [isFinite(graph, single), x, graph.constant(type, [], [0])]), 'int32');
}

defineApproximated('Pow', (graph, operands, { dtype }) => {
  if (dtype === 'float32') return graph.emit('Pow', operands);
  const wide = operands.map((operand) => cast(graph, operand, 'float64'));
  return toInteger(graph, graph.emit('Pow', wide), 'float64');
});

/** The remainder has the sign of the divisor. */
defineElementwise('Mod', (graph, operands, { dtype, onDevice }) => {
  if (dtype !== 'float32' && onDevice) return divided(graph, operands).remainder;
  const type = dtype === 'float32' ? 'float32' : 'float64';
  const [a, b] = dtype === 'float32' ? operands : operands.map((operand) => cast(graph, operand, 'float64'));
  const zero = graph.constant(type, [], [0]);
  const remainder = graph.emit('Mod', [a!, b!], { fmod: 1 });
  const differs = graph.emit('Less', [graph.emit('Mul', [remainder, b!]), zero]);
  const result = graph.emit('Where', [differs, graph.emit('Add', [remainder, b!]), remainder]);
  return dtype === 'float32' ? result : toInteger(graph, result, 'float64');
});

/** Of int32 in int32: the quotient rounded down, and the remainder with the sign of the divisor. */
function divided(graph: GraphBuilder, [a, b]: readonly string[]): { quotient: string; remainder: string } {
  const zero = graph.constant('int32', [], [0]);
  const towardsZero = graph.emit('Div', [a!, b!]);
  const left = graph.emit('Sub', [a!, graph.emit('Mul', [towardsZero, b!])]);
  const differs = graph.emit('Less', [graph.emit('Mul', [left, b!]), zero]);
  const less = graph.emit('Sub', [towardsZero, graph.constant('int32', [], [1])]);
  return {
    quotient: graph.emit('Where', [differs, less, towardsZero]),
    remainder: graph.emit('Where', [differs, graph.emit('Add', [left, b!]), left]),
  };
}

defineElementwise('FloorDiv', (graph, operands, { inputTypes, onDevice }) => {
  const isFloat = inputTypes[0] === 'float32';
  if (!isFloat && onDevice) return divided(graph, operands).quotient;
  const [a, b] = isFloat ? operands : operands.map((operand) => cast(graph, operand, 'float64'));
  const quotient = graph.emit('Floor', [graph.emit('Div', [a!, b!])]);
  return toInteger(graph, quotient, isFloat ? 'float32' : 'float64');
});

defineElementwise('IsNan', (graph, [x]) => graph.emit('Not', [isNumber(graph, x!)]));
defineElementwise('IsInf', (graph, [x]) => isInfinite(graph, x!));
defineElementwise('IsFinite', (graph, [x]) => isFinite(graph, x!));

// ONNX' IsNaN and IsInf exist on the CPU only; comparisons exist everywhere.

const largest = 3.4028234663852886e38;

/** False for NaN, which does not equal itself. */
export function isNumber(graph: GraphBuilder, x: string): string {
  return graph.emit('Equal', [x, x]);
}

/** False for NaN and infinities; `x` is float32. */
function isFinite(graph: GraphBuilder, x: string): string {
  return graph.emit('LessOrEqual', [graph.emit('Abs', [x]), graph.constant('float32', [], [largest])]);
}

function isInfinite(graph: GraphBuilder, x: string): string {
  return graph.emit('Equal', [graph.emit('Abs', [x]), graph.constant('float32', [], [Infinity])]);
}
