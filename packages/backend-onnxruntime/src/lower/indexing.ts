import type { NumericType, Value } from '../ir/value.js';
import { defineLowering } from './define.js';
import type { Lowering } from './lowering.js';

defineLowering('Gather', (lowering, value, node) => {
  const [x, indices] = node.inputs;
  const axis = node.attributes['axis'] as number;
  lowering.provide(
    value,
    'tfjs',
    lowering.graph.emit('Gather', [lowering.plain(x!), lowering.plain(indices!)], { axis }),
  );
});

/** All batches lie one after the other: the indices of each are moved to where it begins. */
defineLowering('BatchGather', (lowering, value, node) => {
  const [x, indices] = node.inputs;
  const { graph } = lowering;
  const [batch, outer] = value.shape as [number, number];
  const extent = node.attributes['extent'] as number;
  const starts = Array.from({ length: batch * outer }, (_, index) => index * extent);
  const moved = graph.emit('Add', [lowering.plain(indices!), graph.constant('int32', [batch, outer, 1], starts)]);
  lowering.provide(value, 'tfjs', graph.emit('Gather', [lowering.plain(x!), moved], { axis: 0 }));
});

defineLowering('GatherNd', (lowering, value, node) => {
  const [x, indices] = node.inputs;
  const positions = lowering.cast(lowering.plain(indices!), 'int64');
  lowering.provide(value, 'tfjs', lowering.graph.emit('GatherND', [lowering.plain(x!), positions]));
});

/**
 * Rows of `updates` added up at `rows` ([n, 1] int32). ONNX' ScatterND adds in parallel and loses
 * some of equal targets.
 */
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

/**
 * Indices outside 0..depth-1 give a row of `off`, so this compares instead of using ONNX' OneHot,
 * which wraps.
 */
defineLowering('OneHot', (lowering, value, node) => {
  const { graph } = lowering;
  const x = node.inputs[0]!;
  const depth = value.shape[value.shape.length - 1]!;
  const column = graph.reshape(lowering.plain(x), [...x.shape, 1]);
  const classes = graph.constant(
    x.dtype,
    [depth],
    Array.from({ length: depth }, (_, index) => index),
  );
  const number = (name: 'on' | 'off'): string =>
    graph.constant(numeric(value.dtype), [], [node.attributes[name] as number]);
  const chosen = graph.emit('Where', [graph.emit('Equal', [column, classes]), number('on'), number('off')]);
  lowering.provide(value, 'tfjs', value.dtype === 'bool' ? lowering.cast(chosen, 'bool') : chosen);
});

function numeric(dtype: NumericType): 'float32' | 'int32' {
  return dtype === 'float32' ? 'float32' : 'int32';
}
