import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, Tensor } from '@tensorflow/tfjs-core';

type Pairs = readonly (readonly [number, number])[];

/** Every extent but that of one axis. */
function along(shape: readonly number[], axis: number, extent: number): number[] {
  return shape.map((other, i) => (i === axis ? extent : other));
}

/** `length` rows of one axis, from `start` on. */
function rows(x: Tensor, axis: number, start: number, length: number): Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? start : 0));
  return tf.slice(x, begin, along(x.shape, axis, length));
}

/** Zeros before and after, along one axis. */
function padded(x: Tensor, axis: number, before: number, after: number): Tensor {
  return tf.pad(
    x,
    x.shape.map((_, i) => (i === axis ? [before, after] : [0, 0])),
  );
}

/** Rows that a mirror put outside the image go back to the rows that they show. */
function unmirrored(dy: Tensor, axis: number, [before, after]: readonly [number, number], repeats: boolean): Tensor {
  if (before === 0 && after === 0) return dy;
  const extent = dy.shape[axis]! - before - after;
  const skipped = repeats ? 0 : 1;
  const parts = [rows(dy, axis, before, extent)];
  if (before > 0) {
    const shown = tf.reverse(rows(dy, axis, 0, before), axis);
    parts.push(padded(shown, axis, skipped, extent - before - skipped));
  }
  if (after > 0) {
    const shown = tf.reverse(rows(dy, axis, before + extent, after), axis);
    parts.push(padded(shown, axis, extent - after - skipped, skipped));
  }
  return tf.addN(parts);
}

/** `x` with `gap - 1` zeros between its rows. */
export function spaced(x: Tensor, axis: number, gap: number): Tensor {
  if (gap === 1) return x;
  const [length = 0] = x.shape.slice(axis);
  const apart = tf.expandDims(x, axis + 1);
  const filled = tf.pad(
    apart,
    apart.shape.map((_, i) => (i === axis + 1 ? [0, gap - 1] : [0, 0])),
  );
  return rows(tf.reshape(filled, along(x.shape, axis, length * gap)), axis, 0, (length - 1) * gap + 1);
}

interface StridedSlice {
  readonly begin: number[];
  readonly end: number[];
  readonly strides: number[];
  readonly beginMask: number;
  readonly endMask: number;
  readonly ellipsisMask: number;
  readonly newAxisMask: number;
  readonly shrinkAxisMask: number;
}

function unsliced(dy: Tensor, x: Tensor, slice: StridedSlice): Tensor {
  const { finalShapeSparse, begin, end, strides } = tf.slice_util.sliceInfo(
    x.shape,
    slice.begin,
    slice.end,
    slice.strides,
    slice.beginMask,
    slice.endMask,
    slice.ellipsisMask,
    slice.newAxisMask,
    slice.shrinkAxisMask,
  );
  if (dy.size === 0) return tf.zeros(x.shape, 'float32');
  // One row where an axis is to go; new axes have an extent of 1.
  const taken = x.shape.map((_, axis) => Math.max(0, Math.ceil((end[axis]! - begin[axis]!) / strides[axis]!)));
  tf.util.assert(
    tf.util.sizeFromShape(taken) === tf.util.sizeFromShape(finalShapeSparse),
    () => `stridedSlice: expected the gradient of [${x.shape}] as [${taken}], found [${finalShapeSparse}]`,
  );
  return taken.reduce(
    (gradient: Tensor, count, axis) => {
      const stride = strides[axis]!;
      const isTurned = stride < 0;
      const first = isTurned ? begin[axis]! + (count - 1) * stride : begin[axis]!;
      const turned = isTurned ? tf.reverse(gradient, axis) : gradient;
      const apart = spaced(turned, axis, Math.abs(stride));
      return padded(apart, axis, first, x.shape[axis]! - first - apart.shape[axis]!);
    },
    tf.reshape(dy, taken),
  );
}

/** Copies of an axis one after the other: their gradients are summed, axis by axis, in any rank. */
function untiled(dy: Tensor, shape: readonly number[], reps: readonly number[]): Tensor {
  let gradient = dy;
  shape.forEach((extent, axis) => {
    const copies = reps[axis]!;
    if (copies === 1) return;
    const outer = tf.util.sizeFromShape(gradient.shape.slice(0, axis));
    const inner = tf.util.sizeFromShape(gradient.shape.slice(axis + 1));
    const summed = tf.sum(tf.reshape(gradient, [outer, copies, extent * inner]), 1);
    gradient = tf.reshape(summed, along(gradient.shape, axis, extent));
  });
  return tf.reshape(gradient, [...shape]);
}

/** Gradients of ops that move values: where tfjs forgets copies, or knows some modes alone, or none. */
/** The gradients of all parts; tfjs gives that of a single one outside of a list. */
function parts(dy: Tensor | Tensor[]): Tensor[] {
  return Array.isArray(dy) ? dy : [dy];
}

export const arrangementGradients: readonly GradConfig[] = [
  {
    kernelName: 'SplitV',
    gradFunc: ((dy: Tensor | Tensor[], _saved: Tensor[], { axis }: { axis: number }) => ({
      x: () => tf.concat(parts(dy), axis),
    })) as unknown as GradFunc,
  },
  {
    kernelName: 'Unpack',
    gradFunc: ((dy: Tensor | Tensor[], _saved: Tensor[], { axis }: { axis: number }) => ({
      value: () => tf.stack(parts(dy), axis),
    })) as unknown as GradFunc,
  },
  {
    kernelName: 'MirrorPad',
    gradFunc: ((dy: Tensor, _saved: Tensor[], { paddings, mode }: { paddings: Pairs; mode: string }) => ({
      x: () => paddings.reduce((gradient, pair, axis) => unmirrored(gradient, axis, pair, mode === 'symmetric'), dy),
    })) as unknown as GradFunc,
  },
  {
    kernelName: 'Tile',
    inputsToSave: ['x'],
    gradFunc: ((dy: Tensor, [x]: [Tensor], { reps }: { reps: number[] }) => {
      const shape = [...new Array<number>(Math.max(0, reps.length - x.rank)).fill(1), ...x.shape];
      const all = [...new Array<number>(shape.length - reps.length).fill(1), ...reps];
      return { x: () => tf.reshape(untiled(dy, shape, all), x.shape) };
    }) as unknown as GradFunc,
  },
  {
    kernelName: 'StridedSlice',
    inputsToSave: ['x'],
    gradFunc: ((dy: Tensor, [x]: [Tensor], attributes: StridedSlice) => ({
      x: () => unsliced(dy, x, attributes),
    })) as unknown as GradFunc,
  },
  {
    kernelName: 'Cumsum',
    gradFunc: ((
      dy: Tensor,
      _saved: Tensor[],
      { axis, exclusive, reverse }: { axis: number; exclusive: boolean; reverse: boolean },
    ) => ({ x: () => tf.cumsum(dy, axis, exclusive, !reverse) })) as unknown as GradFunc,
  },
  {
    kernelName: 'DepthToSpace',
    inputsToSave: ['x'],
    gradFunc: ((dy: Tensor, [x]: [Tensor], { blockSize: block }: { blockSize: number }) => ({
      x: () => {
        const [n, h, w, c] = x.shape as [number, number, number, number];
        const blocks = tf.reshape(dy, [n, h, block, w, block, c / (block * block)]);
        return tf.reshape(tf.transpose(blocks, [0, 1, 3, 2, 4, 5]), x.shape);
      },
    })) as unknown as GradFunc,
  },
  {
    kernelName: 'FlipLeftRight',
    gradFunc: ((dy: Tensor) => ({ image: () => tf.reverse(dy, 2) })) as unknown as GradFunc,
  },
];
