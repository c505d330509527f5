import { elementTypes } from '../onnx/model.js';
import { defineElementwise } from './elementwise.js';
import { toInteger } from './number-ops.js';

// Recorded ops whose ONNX op has the same meaning and operands.
for (const op of [
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Neg',
  'Abs',
  'Exp',
  'Log',
  'Sqrt',
  'Sigmoid',
  'Tanh',
  'Relu',
  'Reciprocal',
  'Equal',
  'Greater',
  'Less',
  'And',
  'Or',
  'Not',
  'Where',
  'Floor',
  'Ceil',
  'Round',
  'Erf',
  'Sin',
  'Cos',
  'Tan',
  'Asin',
  'Acos',
  'Atan',
  'Sinh',
  'Cosh',
  'Asinh',
  'Acosh',
  'Atanh',
])
  defineElementwise(op, (graph, operands) => graph.emit(op, operands));

defineElementwise('Maximum', (graph, operands) => graph.emit('Max', operands));
defineElementwise('Minimum', (graph, operands) => graph.emit('Min', operands));
defineElementwise('GreaterEqual', (graph, operands) => graph.emit('GreaterOrEqual', operands));
defineElementwise('LessEqual', (graph, operands) => graph.emit('LessOrEqual', operands));
defineElementwise('NotEqual', (graph, operands) => graph.emit('Not', [graph.emit('Equal', operands)]));
defineElementwise('Square', (graph, [x]) => graph.emit('Mul', [x!, x!]));
defineElementwise('Rsqrt', (graph, [x]) => graph.emit('Reciprocal', [graph.emit('Sqrt', [x!])]));
defineElementwise('SquaredDifference', (graph, operands) => {
  const difference = graph.emit('Sub', operands);
  return graph.emit('Mul', [difference, difference]);
});

/** ONNX' sign of NaN is NaN, tfjs' is 0. */
defineElementwise('Sign', (graph, [x], { dtype }) => {
  const sign = graph.emit('Sign', [x!]);
  if (dtype !== 'float32') return sign;
  return graph.emit('Where', [graph.emit('IsNaN', [x!]), graph.constant('float32', [], [0]), sign]);
});

/** 1 above zero, `alpha` elsewhere, NaN for NaN. */
defineElementwise('Step', (graph, [x], { attributes }) => {
  const isPositive = graph.emit('Greater', [x!, graph.constant('float32', [], [0])]);
  const step = graph.emit('Where', [
    isPositive,
    graph.constant('float32', [], [1]),
    graph.constant('float32', [], [attributes['alpha'] as number]),
  ]);
  return graph.emit('Where', [graph.emit('IsNaN', [x!]), x!, step]);
});

/** dy where the output of relu is above zero: a product with 0 or 1, which is faster than a choice. */
defineElementwise('ReluGradient', (graph, [dy, y]) => {
  const isPositive = graph.emit('Greater', [y!, graph.constant('float32', [], [0])]);
  return graph.emit('Mul', [dy!, graph.emit('Cast', [isPositive], { to: elementTypes.float32 })]);
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
