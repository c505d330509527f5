import type { NumericType, Value } from '../ir/value.js';
import type { Lowering } from './lowering.js';
import { defineLowering } from './define.js';

defineLowering('Reshape', (lowering, value, node) => {
  lowering.provide(value, 'tfjs', lowering.graph.reshape(lowering.plain(node.inputs[0]!), value.shape));
});

/** The two transpositions between NHWC and NCHW only name the other layout. */
defineLowering('Transpose', (lowering, value, node) => {
  const x = node.inputs[0]!;
  const permutation = node.attributes['permutation'] as readonly number[];
  if (permutation.join() === '0,2,3,1') lowering.provide(value, 'channelsFirst', lowering.plain(x));
  else if (permutation.join() === '0,3,1,2') lowering.provide(value, 'tfjs', lowering.form(x, 'channelsFirst'));
  else lowering.provide(value, 'tfjs', lowering.graph.transpose(lowering.plain(x), permutation));
});

defineLowering('Expand', (lowering, value, node) => {
  const x = node.inputs[0]!;
  const { graph } = lowering;
  lowering.provide(value, 'tfjs', graph.emit('Expand', [lowering.plain(x), graph.indices(value.shape)]));
});

defineLowering('Tile', (lowering, value, node) => {
  const { graph } = lowering;
  const repeats = graph.indices(node.attributes['repeats'] as readonly number[]);
  lowering.provide(value, 'tfjs', graph.emit('Tile', [lowering.plain(node.inputs[0]!), repeats]));
});

defineLowering('Slice', (lowering, value, node) => {
  const { graph } = lowering;
  const begin = node.attributes['begin'] as readonly number[];
  const end = begin.map((start, axis) => start + value.shape[axis]!);
  const axes = begin.map((_, axis) => axis);
  const inputs = [lowering.plain(node.inputs[0]!), graph.indices(begin), graph.indices(end), graph.indices(axes)];
  lowering.provide(value, 'tfjs', graph.emit('Slice', inputs));
});

defineLowering('Pad', (lowering, value, node) => {
  const { graph } = lowering;
  const x = node.inputs[0]!;
  const before = node.attributes['before'] as readonly number[];
  const after = node.attributes['after'] as readonly number[];
  const pads = graph.indices([...before, ...after]);
  const fill = graph.constant(x.dtype, [], [node.attributes['fill'] as number]);
  lowering.provide(value, 'tfjs', graph.emit('Pad', [lowering.plain(x), pads, fill]));
});

defineLowering('Concat', (lowering, value, node) => {
  const axis = node.attributes['axis'] as number;
  const layout = concatLayout(lowering, value, node.inputs);
  const names = node.inputs.map((input) => lowering.form(input, layout));
  const moved = layout === 'tfjs' ? axis : [0, 2, 3, 1][axis]!;
  lowering.provide(value, layout, lowering.graph.emit('Concat', names, { axis: moved }));
});

function concatLayout(lowering: Lowering, value: Value, inputs: readonly Value[]): 'tfjs' | 'channelsFirst' {
  if (value.shape.length !== 4) return 'tfjs';
  return inputs.every((input) => !lowering.isScalar(input) && lowering.has(input, 'channelsFirst'))
    ? 'channelsFirst'
    : 'tfjs';
}

/** Indices outside 0..depth-1 give a row of `off`, so this compares instead of using ONNX' OneHot, which wraps. */
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

defineLowering('Softmax', (lowering, value, node) => {
  lowering.provide(value, 'tfjs', lowering.graph.emit('Softmax', [lowering.plain(node.inputs[0]!)], { axis: -1 }));
});
