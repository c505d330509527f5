import type { Value } from '../../ir/value.js';
import type { Window } from '../../ir/window.js';
import { blockedDomain } from '../../onnx/builder.js';
import type { Lowering } from '../lowering.js';

type FilterShape = readonly [height: number, width: number, inputs: number, outputs: number];

/** A filter in the graph, [h, w, in, out]; of groups, `in` is what one of them has. */
export interface Filter {
  readonly name: string;
  readonly shape: FilterShape;
}

/** A recorded filter as it is. */
export function plainFilter(lowering: Lowering, filter: Value): Filter {
  return { name: lowering.plain(filter), shape: filter.shape as unknown as FilterShape };
}

/** A tfjs filter [h, w, in, out] as ONNX wants it: [out, in, h, w]. */
export function channelsFirstFilter(lowering: Lowering, { name, shape }: Filter): string {
  const { graph } = lowering;
  const [h, w, i, o] = shape;
  // Two transpositions of two axes are three times as fast as one of four.
  const outputsFirst = graph.transpose(graph.reshape(name, [h * w * i, o]), [1, 0]);
  if (h * w === 1) return graph.reshape(outputsFirst, [o, i, 1, 1]);
  return graph.reshape(graph.transpose(graph.reshape(outputsFirst, [o, h * w, i]), [0, 2, 1]), [o, i, h, w]);
}

/**
 * The filter with both channel axes blocked; with fewer inputs than a block, only the outputs are.
 */
export function blockedFilter(lowering: Lowering, { name, shape }: Filter): string {
  const { graph, blockSize: block } = lowering;
  const [h, w, i, o] = shape;
  if (i < block) {
    const split = graph.reshape(name, [h, w, i, o / block, block]);
    return graph.reshape(graph.transpose(split, [3, 2, 0, 1, 4]), [o, i, h, w]);
  }
  // Taps as images of one row, inputs as pixels: ONNX Runtime blocks the outputs on all threads.
  const outputsBlocked = graph.emit(
    'ReorderInput',
    [graph.reshape(name, [h * w, 1, i, o])],
    { channels_last: 1 },
    blockedDomain,
  );
  const split = graph.reshape(outputsBlocked, [h * w, o / block, i / block, block * block]);
  return graph.reshape(h * w === 1 ? split : graph.transpose(split, [1, 2, 0, 3]), [o, i, h, w]);
}

/** The blocked filter of the input gradient: turned by 180 degrees, inputs and outputs swapped. */
export function turnedBlockedFilter(lowering: Lowering, filter: Value): string {
  const [h, w] = filter.shape as unknown as FilterShape;
  const reversed = Array.from({ length: h * w }, (_, tap) => h * w - 1 - tap);
  return turnedBlockedTaps(lowering, filter, reversed, [h, w]);
}

/** Likewise of some taps, counted along rows, that fill a window of `size` in the given order. */
export function turnedBlockedTaps(
  lowering: Lowering,
  filter: Value,
  taps: readonly number[],
  size: readonly [height: number, width: number],
): string {
  const { graph, blockSize: block } = lowering;
  const [h, w, i, o] = filter.shape as unknown as FilterShape;
  const count = taps.length;
  // By index, since ONNX Runtime slices on one thread.
  const chosen =
    h * w === 1
      ? lowering.plain(filter)
      : graph.emit(
          'Gather',
          [graph.reshape(lowering.plain(filter), [h * w, i, o]), graph.constant('int32', [count], taps)],
          { axis: 0 },
        );
  const inputsBlocked = graph.emit('ReorderInput', [graph.reshape(chosen, [count, i, 1, o])], {}, blockedDomain);
  const split = graph.reshape(inputsBlocked, [count, i / block, o / block, block * block]);
  return graph.reshape(count === 1 ? split : graph.transpose(split, [1, 2, 0, 3]), [i, o, ...size]);
}

type Pads = readonly [top: number, left: number, bottom: number, right: number];

/** An image that is ready to be convolved, and the padding that is left to the convolution. */
export interface Padded {
  readonly name: string;
  readonly pads: Pads;
}

const widestSmallWindow = 4;

/** Zero columns per column of the image from which on they are cheaper as memory. */
const enoughColumns = 1 / 6;

/**
 * The blocked form of `image` with the zero columns beside it, where windows are wide and images
 * narrow: ONNX Runtime's blocked convolution computes pixels whose window is cut at a side one by
 * one, others six at a time. For 5x5 windows on 14x14 that is up to twice as fast; for 3x3 windows
 * the copy costs as much as it saves. The shape alone decides. An infinite weight gives NaN where
 * it meets such a zero.
 */
export function withSideColumns(lowering: Lowering, image: Value, kernel: Window['kernel'], pads: Pads): Padded {
  const name = lowering.form(image, 'blocked');
  const [n, height, width, channels] = image.shape as [number, number, number, number];
  const [top, left, bottom, right] = pads;
  const added = left + right;
  if (kernel[1] <= widestSmallWindow || added < enoughColumns * width) return { name, pads };
  const { graph, blockSize: block } = lowering;
  const rows = (n * channels * height) / block;
  const zeros = (columns: number): string[] =>
    columns === 0
      ? []
      : [graph.emit('Expand', [graph.constant('float32', [], [0]), graph.indices([rows, columns * block])])];
  const parts = [...zeros(left), graph.reshape(name, [rows, width * block]), ...zeros(right)];
  const wide = graph.reshape(graph.emit('Concat', parts, { axis: 1 }), [n, channels, height, width + added]);
  return { name: wide, pads: [top, 0, bottom, 0] };
}
