import type { Value } from '../ir/value.js';
import type { Window } from '../ir/window.js';
import type { GraphBuilder } from '../onnx/builder.js';
import { elementTypes } from '../onnx/model.js';
import type { Lowering } from './lowering.js';

/*
 * The gradient of max pooling for providers whose MaxPool gives no indices, in tfjs' own layout [n, h, w, c].
 * The first of equal values gets the gradient, as in tfjs.
 */

/** The gradient of the pool's input where that is positive, zero elsewhere. */
export function maskedBy(lowering: Lowering, gradient: string, positive: string): string {
  return product(lowering, gradient, 'Greater', positive, lowering.graph.constant('float32', [], [0]));
}

/** `gradient` where the comparison holds, zero elsewhere. */
export function product(lowering: Lowering, gradient: string, comparison: string, left: string, right: string): string {
  return lowering.graph.emit('Mul', [gradient, holds(lowering.graph, comparison, left, right)]);
}

/** 1 where the comparison holds, else 0. */
function holds(graph: GraphBuilder, comparison: string, left: string, right: string): string {
  return graph.emit('Cast', [graph.emit(comparison, [left, right])], { to: elementTypes.float32 });
}

/** Whether the windows lie side by side and fill the image. */
export function tiles({ kernel, strides, dilations, pads }: Window, x: Value, dy: Value): boolean {
  return (
    pads.every((pad) => pad === 0) &&
    [0, 1].every(
      (axis) =>
        kernel[axis] === strides[axis] &&
        dilations[axis] === 1 &&
        dy.shape[axis + 1]! * kernel[axis]! === x.shape[axis + 1]!,
    )
  );
}

/** Of windows that tile the image: rows and columns of each are axes of their own. */
export function throughTiles(lowering: Lowering, dy: Value, x: Value, { kernel: [kh, kw] }: Window): string {
  const { graph } = lowering;
  const [n, oh, ow, c] = dy.shape as [number, number, number, number];
  const six = graph.reshape(lowering.plain(x), [n, oh, kh, ow, kw, c]);
  const most = (name: string): string => graph.emit('ReduceMax', [name], { axes: [2, 4], keepdims: 1 });
  const places = Array.from({ length: kh * kw }, (_, place) => kh * kw - place);
  const order = graph.constant('float32', [1, 1, kh, 1, kw, 1], places);
  const rank = graph.emit('Mul', [holds(graph, 'Equal', six, most(six)), order]);
  const gradient = graph.reshape(lowering.plain(dy), [n, oh, 1, ow, 1, c]);
  return graph.reshape(product(lowering, gradient, 'Equal', rank, most(rank)), x.shape);
}

const lowest = -3.4028234663852886e38;

/** Of any windows: the taps one after the other, each an image of the pool's size. */
export function throughTaps(lowering: Lowering, dy: Value, x: Value, window: Window): string {
  const { graph } = lowering;
  const { kernel, strides, dilations, pads } = window;
  const [n, oh, ow, c] = dy.shape as [number, number, number, number];
  const [, h, w] = x.shape as [number, number, number, number];
  // Room for whole strides at every tap, so that each can be cut out of and put back into the image.
  const room = [0, 1].map((axis) => (dy.shape[axis + 1]! - 1) * strides[axis]! + 1) as [number, number];
  const wide = [0, 1].map((axis) => (kernel[axis]! - 1) * dilations[axis]! + dy.shape[axis + 1]! * strides[axis]!) as [
    number,
    number,
  ];
  const sizes = [Math.max(wide[0], h + pads[0]), Math.max(wide[1], w + pads[1])] as const;
  const padding = graph.indices([0, pads[0], pads[1], 0, 0, sizes[0] - h - pads[0], sizes[1] - w - pads[1], 0]);
  const image = graph.emit('Pad', [lowering.plain(x), padding, graph.constant('float32', [], [lowest])]);
  const offsets: (readonly [number, number])[] = [];
  for (let r = 0; r < kernel[0]; r++)
    for (let q = 0; q < kernel[1]; q++) offsets.push([r * dilations[0], q * dilations[1]]);
  const taps = offsets.map(([top, left]) =>
    graph.emit('Slice', [
      image,
      graph.indices([top, left]),
      graph.indices([top + room[0], left + room[1]]),
      graph.indices([1, 2]),
      graph.indices(strides),
    ]),
  );
  const largest = taps.reduce((most, tap) => graph.emit('Max', [most, tap]));
  const gradient = lowering.plain(dy);
  let open = graph.emit('Expand', [graph.constant('float32', [], [1]), graph.indices(dy.shape)]);
  const parts = taps.map((tap, index) => {
    const takes = graph.emit('Mul', [holds(graph, 'Equal', tap, largest), open]);
    if (index + 1 < taps.length) open = graph.emit('Sub', [open, takes]);
    const share = graph.emit('Mul', [takes, gradient]);
    const spaced = graph.emit('Pad', [
      graph.reshape(share, [n, oh, 1, ow, 1, c]),
      graph.indices([0, 0, 0, 0, 0, 0, 0, 0, strides[0] - 1, 0, strides[1] - 1, 0]),
    ]);
    const [top, left] = offsets[index]!;
    const filled = [oh * strides[0], ow * strides[1]] as const;
    return graph.emit('Pad', [
      graph.reshape(spaced, [n, ...filled, c]),
      graph.indices([0, top, left, 0, 0, sizes[0] - top - filled[0], sizes[1] - left - filled[1], 0]),
    ]);
  });
  const sum = parts.reduce((total, part) => graph.emit('Add', [total, part]));
  const begin = graph.indices([pads[0], pads[1]]);
  const end = graph.indices([pads[0] + h, pads[1] + w]);
  return graph.emit('Slice', [sum, begin, end, graph.indices([1, 2])]);
}
