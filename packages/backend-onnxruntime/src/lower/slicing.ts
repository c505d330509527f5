import type { Value } from '../ir/value.js';
import { defineLowering } from './define.js';
import type { Lowering } from './lowering.js';

defineLowering('Slice', (lowering, value, node) => {
  const { graph } = lowering;
  const begin = node.attributes['begin'] as readonly number[];
  const x = node.inputs[0]!;
  if (lowering.onDevice && value.dtype !== 'float32') {
    const places = (axis: number): number[] => Array.from({ length: value.shape[axis]! }, (_, i) => begin[axis]! + i);
    const cut = begin.flatMap((_, axis) => (value.shape[axis] === x.shape[axis] ? [] : [axis]));
    lowering.provide(
      value,
      'tfjs',
      cut.reduce((name, axis) => picked(lowering, name, axis, places(axis)), lowering.plain(x)),
    );
    return;
  }
  const end = begin.map((start, axis) => start + value.shape[axis]!);
  const axes = begin.map((_, axis) => axis);
  const inputs = [lowering.plain(x), graph.indices(begin), graph.indices(end), graph.indices(axes)];
  lowering.provide(value, 'tfjs', graph.emit('Slice', inputs));
});

/** By index: on a GPU ONNX Runtime 1.30 slices wrongly backwards, and whole numbers not at all. */
function picked(lowering: Lowering, name: string, axis: number, places: readonly number[]): string {
  return lowering.graph.emit('Gather', [name, lowering.graph.indices(places)], { axis });
}

const beforeStart = -(2 ** 31);

defineLowering('Reverse', (lowering, value, node) => {
  const { graph } = lowering;
  const x = node.inputs[0]!;
  const axes = node.attributes['axes'] as readonly number[];
  if (lowering.onDevice) {
    const backwards = (axis: number): number[] =>
      Array.from({ length: x.shape[axis]! }, (_, i) => x.shape[axis]! - 1 - i);
    lowering.provide(
      value,
      'tfjs',
      axes.reduce((name, axis) => picked(lowering, name, axis, backwards(axis)), lowering.plain(x)),
    );
    return;
  }
  const name = graph.emit('Slice', [
    lowering.plain(x),
    graph.indices(axes.map((axis) => x.shape[axis]! - 1)),
    graph.indices(axes.map(() => beforeStart)),
    graph.indices(axes),
    graph.indices(axes.map(() => -1)),
  ]);
  lowering.provide(value, 'tfjs', name);
});

/**
 * The end follows from the number of elements, so that a negative stride may run past the start.
 */
defineLowering('StridedSlice', (lowering, value, node) => {
  const { graph } = lowering;
  const begin = node.attributes['begin'] as readonly number[];
  const strides = node.attributes['strides'] as readonly number[];
  if (lowering.onDevice && strides.some((stride) => stride < 0)) {
    const places = (axis: number): number[] =>
      Array.from({ length: value.shape[axis]! }, (_, i) => begin[axis]! + i * strides[axis]!);
    lowering.provide(
      value,
      'tfjs',
      begin.reduce((name, _, axis) => picked(lowering, name, axis, places(axis)), lowering.plain(node.inputs[0]!)),
    );
    return;
  }
  const ends = begin.map((start, axis) => {
    const end = start + (value.shape[axis]! - 1) * strides[axis]! + Math.sign(strides[axis]!);
    return end < 0 ? beforeStart : end;
  });
  const axes = begin.map((_, axis) => axis);
  const inputs = [lowering.plain(node.inputs[0]!), ...[begin, ends, axes, strides].map((list) => graph.indices(list))];
  lowering.provide(value, 'tfjs', graph.emit('Slice', inputs));
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
