import { backend_util } from '@tensorflow/tfjs-core';
import { float } from '../onnx/builder.js';
import { elementTypes } from '../onnx/model.js';
import { defineApproximated, defineElementwise, defineLowering } from './define.js';
import { isNumber } from './elementwise.js';

const { SELU_SCALE, SELU_SCALEALPHA } = backend_util;

defineElementwise('Relu', (graph, [x]) => graph.emit('Relu', [x!]));

/**
 * dy where the output of relu is above zero: a product with 0 or 1, which is faster than a choice.
 */
defineElementwise('ReluGradient', (graph, [dy, y]) => {
  const isPositive = graph.emit('Greater', [y!, graph.constant('float32', [], [0])]);
  return graph.emit('Mul', [dy!, graph.emit('Cast', [isPositive], { to: elementTypes.float32 })]);
});

defineApproximated('Elu', (graph, [x]) => graph.emit('Elu', [x!]));

/** tfjs' constant is the product of scale and alpha; ONNX multiplies by the scale itself. */
defineApproximated('Selu', (graph, [x]) =>
  graph.emit('Mul', [
    graph.emit('Elu', [x!], { alpha: float(SELU_SCALEALPHA / SELU_SCALE) }),
    graph.constant('float32', [], [SELU_SCALE]),
  ]),
);

/**
 * 1 / (1 + exp(-x)). ONNX' own Sigmoid ends at -18: 0 from there on, and wrong from -14. The
 * gradient of a cross-entropy is a sigmoid, so an example with a large margin would have no
 * gradient.
 */
defineApproximated('Sigmoid', (graph, [x]) => {
  const one = graph.constant('float32', [], [1]);
  return graph.emit('Reciprocal', [graph.emit('Add', [graph.emit('Exp', [graph.emit('Neg', [x!])]), one])]);
});

/**
 * max(x, 0) + log(1 + e), e = exp(-|x|): no overflow. With u = 1 + e rounded, log(u) * e / (u - 1)
 * is log(1 + e) to the last bits (Kahan), where log(u) alone loses all of a small e.
 */
defineApproximated('Softplus', (graph, [x]) => {
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

/** 1 above zero, `alpha` elsewhere, NaN for NaN. */
defineElementwise('Step', (graph, [x], { attributes }) => {
  const isPositive = graph.emit('Greater', [x!, graph.constant('float32', [], [0])]);
  const step = graph.emit('Where', [
    isPositive,
    graph.constant('float32', [], [1]),
    graph.constant('float32', [], [attributes['alpha'] as number]),
  ]);
  return graph.emit('Where', [isNumber(graph, x!), step, x!]);
});

defineLowering('Softmax', (lowering, value, node) => {
  lowering.provide(value, 'tfjs', lowering.graph.emit('Softmax', [lowering.plain(node.inputs[0]!)], { axis: -1 }));
});
