import type { Value } from '../ir/value.js';
import { defineLowering } from './define.js';
import { isNumber } from './elementwise.js';
import type { Lowering } from './lowering.js';

/**
 * Values and int64 indices of the `count` largest along the last axis, as one ONNX op for both
 * results.
 */
function largest(lowering: Lowering, x: Value, count: number): readonly string[] {
  const { graph } = lowering;
  const name = lowering.plain(x);
  // NaN has no order, and sorting by a comparison that is not an order may read anywhere.
  const key =
    x.dtype === 'float32'
      ? graph.emit('Where', [isNumber(graph, name), name, graph.constant('float32', [], [-Infinity])])
      : name;
  // On a GPU a row of infinities has no place: ONNX Runtime 1.30 starts at the least finite number.
  const sorted =
    lowering.onDevice && x.dtype === 'float32' ? graph.emit('Max', [key, graph.constant('float32', [], [-3e38])]) : key;
  return graph.emitMany('TopK', [sorted, graph.indices([count])], 2, { axis: -1 });
}

function countOf(value: Value): number {
  return value.shape[value.shape.length - 1]!;
}

defineLowering('TopKIndices', (lowering, value, node) => {
  const [, indices] = largest(lowering, node.inputs[0]!, countOf(value));
  lowering.provide(value, 'tfjs', lowering.cast(indices!, 'int32'));
});

/** Floats are fetched by their indices, so that NaN comes out as NaN. */
defineLowering('TopKValues', (lowering, value, node) => {
  const x = node.inputs[0]!;
  const [values, indices] = largest(lowering, x, countOf(value));
  const name =
    x.dtype === 'float32'
      ? lowering.graph.emit('GatherElements', [lowering.plain(x), indices!], { axis: x.shape.length - 1 })
      : values!;
  lowering.provide(value, 'tfjs', name);
});

defineLowering('Cumsum', (lowering, value, node) => {
  const { graph } = lowering;
  const { axis, exclusive, reverse } = node.attributes as { axis: number; exclusive: boolean; reverse: boolean };
  const inputs = [lowering.plain(node.inputs[0]!), graph.constant('int64', [], [axis])];
  const name = graph.emit('CumSum', inputs, { exclusive: Number(exclusive), reverse: Number(reverse) });
  lowering.provide(value, 'tfjs', name);
});
