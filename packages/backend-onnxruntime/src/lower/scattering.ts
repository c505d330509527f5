import type { Value } from '../ir/value.js';
import type { Lowering } from './lowering.js';
import { defineLowering } from './registry.js';

/** Rows of `updates` added up at `rows` ([n, 1] int32). ONNX' ScatterND adds in parallel and loses some of equal targets. */
function addRows(lowering: Lowering, value: Value, rows: string, updates: Value): string {
  const { graph } = lowering;
  const zeros = graph.emit('Expand', [graph.constant(value.dtype, [], [0]), graph.indices(value.shape)]);
  const targets = updates.shape[1] === 1 ? rows : graph.emit('Expand', [rows, graph.indices(updates.shape)]);
  const inputs = [zeros, targets, lowering.plain(updates)];
  return graph.emit('ScatterElements', inputs, { axis: 0, reduction: 'add' });
}

defineLowering('ScatterAdd', (lowering, value, node) => {
  const [indices, updates] = node.inputs as [Value, Value];
  const extents = node.attributes['extents'] as readonly number[];
  lowering.provide(value, 'tfjs', addRows(lowering, value, flattened(lowering, indices, extents), updates));
});

/** Positions along several axes as one: [n, axes] to [n, 1]. */
function flattened(lowering: Lowering, indices: Value, extents: readonly number[]): string {
  const { graph } = lowering;
  const name = lowering.plain(indices);
  if (extents.length === 1) return name;
  const strides = extents.map((_, axis) => extents.slice(axis + 1).reduce((size, extent) => size * extent, 1));
  const products = graph.emit('Mul', [name, graph.constant('int32', [strides.length], strides)]);
  return graph.emit('ReduceSum', [products, graph.indices([1])], { keepdims: 1 });
}

/** The last row takes what belongs to no segment. */
defineLowering('SegmentSum', (lowering, value, node) => {
  const [ids, x] = node.inputs as [Value, Value];
  const { graph } = lowering;
  const name = lowering.plain(ids);
  const number = (n: number): string => graph.constant('int32', [], [n]);
  const segments = value.shape[0]! - 1;
  const isInside = graph.emit('And', [
    graph.emit('GreaterOrEqual', [name, number(0)]),
    graph.emit('Less', [name, number(segments)]),
  ]);
  const rows = graph.emit('Where', [isInside, name, number(segments)]);
  lowering.provide(value, 'tfjs', addRows(lowering, value, rows, x));
});
