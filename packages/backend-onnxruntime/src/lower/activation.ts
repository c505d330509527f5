import { backend_util } from '@tensorflow/tfjs-core';
import { float } from '../onnx/builder.js';
import { defineElementwise } from './define.js';

defineElementwise('Elu', (graph, [x]) => graph.emit('Elu', [x!]));

const { SELU_SCALE, SELU_SCALEALPHA } = backend_util;

/** tfjs' constant is the product of scale and alpha; ONNX multiplies by the scale itself. */
defineElementwise('Selu', (graph, [x]) =>
  graph.emit('Mul', [
    graph.emit('Elu', [x!], { alpha: float(SELU_SCALEALPHA / SELU_SCALE) }),
    graph.constant('float32', [], [SELU_SCALE]),
  ]),
);

/**
 * 1 / (1 + exp(-x)). ONNX' own Sigmoid ends at -18: 0 from there on, and wrong from -14. The gradient of a cross-entropy is a
 * sigmoid, so an example with a large margin would have no gradient.
 */
defineElementwise('Sigmoid', (graph, [x]) => {
  const one = graph.constant('float32', [], [1]);
  return graph.emit('Reciprocal', [graph.emit('Add', [graph.emit('Exp', [graph.emit('Neg', [x!])]), one])]);
});

/**
 * max(x, 0) + log(1 + e), e = exp(-|x|): no overflow. With u = 1 + e rounded, log(u) * e / (u - 1) is log(1 + e) to the last bits
 * (Kahan), where log(u) alone loses all of a small e.
 */
defineElementwise('Softplus', (graph, [x]) => {
  const one = graph.constant('float32', [], [1]);
  const zero = graph.constant('float32', [], [0]);
  const small = graph.emit('Exp', [graph.emit('Neg', [graph.emit('Abs', [x!])])]);
  const sum = graph.emit('Add', [small, one]);
  const rounded = graph.emit('Sub', [sum, one]);
  const logarithm = graph.emit('Mul', [graph.emit('Log', [sum]), graph.emit('Div', [small, rounded])]);
  const tail = graph.emit('Where', [graph.emit('Equal', [rounded, zero]), small, logarithm]);
  return graph.emit('Add', [graph.emit('Relu', [x!]), tail]);
});

/** dy where y >= 0, dy * (y + 1) below. */
defineElementwise('EluGradient', (graph, [dy, y]) => {
  const zero = graph.constant('float32', [], [0]);
  const one = graph.constant('float32', [], [1]);
  const below = graph.emit('Mul', [dy!, graph.emit('Add', [y!, one])]);
  return graph.emit('Where', [graph.emit('GreaterOrEqual', [y!, zero]), dy!, below]);
});

/** In 64 bits, where adding 1 loses nothing that 32 bits could hold. */
defineElementwise('Log1p', (graph, [x]) => {
  const wide = graph.emit('Cast', [x!], { to: 11 });
  const sum = graph.emit('Add', [wide, graph.constant('float64', [], [1])]);
  return graph.emit('Cast', [graph.emit('Log', [sum])], { to: 1 });
});

defineElementwise('Expm1', (graph, [x]) => {
  const wide = graph.emit('Cast', [x!], { to: 11 });
  const difference = graph.emit('Sub', [graph.emit('Exp', [wide]), graph.constant('float64', [], [1])]);
  return graph.emit('Cast', [difference], { to: 1 });
});
