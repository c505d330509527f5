import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { OnnxError } from '../errors.js';
import { stridesOf } from '../run/host.js';
import { define, offTape, onDevice, type Call } from '../run/operators.js';
import { deviceValue, dimsOf, inOrder, sizeOf, type Value } from '../run/value.js';
import { fromImage, image, twoAxes, windowOf, type Window } from './conv.js';
import { everyNth, padAxis } from './shape.js';

// Pools. What lies outside of an image never counts, unless a node says that its padding does.

/** How many windows fit along an axis, and how far the last of them reaches beyond the padding. */
function windowsAlong(side: number, window: Window, axis: number, isCeil: boolean): { count: number; beyond: number } {
  const [before, after] = window.pads[axis]!;
  const extent = (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
  const stride = window.strides[axis]!;
  const room = side + before + after - extent;
  let count = (isCeil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  // A window that would begin behind the image is dropped.
  if (isCeil && (count - 1) * stride >= side + before) count--;
  return { count, beyond: Math.max((count - 1) * stride + extent - (side + before + after), 0) };
}

/** The windows of a pool: padding for all that the last ones cover. */
interface Pooling {
  readonly window: Window;
  readonly x: Tensor;
  readonly rank: number;
  /** Around each spatial axis, with what rounding up adds behind. */
  readonly around: readonly (readonly [number, number])[];
  readonly beyond: readonly number[];
}

function poolingOf(call: Call): Pooling {
  const dims = dimsOf(call.input(0));
  const window = twoAxes(windowOf(call, dims.slice(2), call.list('kernel_shape') ?? []));
  const x = image(call, call.input(0));
  const isCeil = call.number('ceil_mode', 0) === 1;
  const ends = window.kernel.map((_, axis) => windowsAlong(x.shape[axis + 1]!, window, axis, isCeil));
  const around = window.pads.map(([before, after], axis) => [before, after + ends[axis]!.beyond] as const);
  return { window, x, rank: dims.length, around, beyond: ends.map(({ beyond }) => beyond) };
}

function padded({ x, around }: Pooling, value: number): Tensor {
  return around.reduce((tensor, [before, after], i) => padAxis(tensor, i + 1, before, after, value), x);
}

/** `f` folded over the values of each window, by copies that are shifted. */
function shifted(x: Tensor, window: Window, f: (a: Tensor, b: Tensor) => Tensor): Tensor {
  return shiftedTogether([x], window, ([a], [b]) => [f(a!, b!)])[0]!;
}

type Together = readonly Tensor[];

/** The same for images whose values belong together. */
function shiftedTogether(
  images: Together,
  { kernel, strides, dilations }: Window,
  f: (a: Together, b: Together) => Together,
): Together {
  const taps = kernel.reduce((product, side) => product * side, 1);
  if (taps > 1024) throw new OnnxError('ADVROB_ONNX_OPERATOR', `a window of ${taps} values`);
  let found = images;
  kernel.forEach((side, i) => {
    const axis = i + 1;
    const { shape } = found[0]!;
    const length = shape[axis]! - (side - 1) * dilations[i]!;
    const size = shape.map((all, each) => (each === axis ? length : all));
    const parts = inOrder(side).map((tap) => {
      const begin = shape.map((_, each) => (each === axis ? tap * dilations[i]! : 0));
      return found.map((x) => tf.slice(x, begin, size));
    });
    const folded = parts.slice(1).reduce<Together>(f, parts[0]!);
    found = strides[i] === 1 ? folded : folded.map((x) => firstOfEach(x, axis, strides[i]!));
  });
  return found;
}

function firstOfEach(x: Tensor, axis: number, stride: number): Tensor {
  const count = Math.ceil(x.shape[axis]! / stride);
  const length = (count - 1) * stride + 1;
  const part = tf.slice(
    x,
    x.shape.map(() => 0),
    x.shape.map((side, i) => (i === axis ? length : side)),
  );
  return everyNth(part, axis, stride);
}

/** Where in the whole input, as the file lays it out, each largest value lies. */
function indicesOf(call: Call, pooling: Pooling): Value {
  const { window, x, rank } = pooling;
  const [batch, ...sides] = x.shape as [number, ...number[]];
  const channels = sides.pop()!;
  const pixels = sizeOf(sides);
  const isColumnFirst = call.number('storage_order', 0) === 1;
  const steps = isColumnFirst ? stridesOf([...sides].reverse()).reverse() : stridesOf(sides);
  const found = offTape(() => {
    const axes = [...sides.map((side, i) => tf.mul(tf.range(0, side, 1, 'int32'), tf.scalar(steps[i]!, 'int32')))];
    const places = [
      tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(channels * pixels, 'int32')),
      ...axes,
      tf.mul(tf.range(0, channels, 1, 'int32'), tf.scalar(pixels, 'int32')),
    ].map((line, axis) =>
      tf.reshape(
        line,
        inOrder(x.rank).map((each) => (each === axis ? -1 : 1)),
      ),
    );
    const all = places.reduce((sum, line) => tf.add(sum, line));
    const values = padded({ ...pooling, x: tf.cast(x, 'float32') }, -Infinity);
    return shiftedTogether([values, padded({ ...pooling, x: all }, 0)], window, ([a, i], [b, j]) => {
      const isLater = tf.greater(b!, a!);
      return [tf.maximum(a!, b!), tf.where(isLater, j!, i!)];
    })[1]!;
  });
  return fromImage('int64', found, rank);
}

define('MaxPool', (call) => {
  const pooling = poolingOf(call);
  const largest = maximaOf(call, pooling);
  return call.wants(1) ? [largest, indicesOf(call, pooling)] : largest;
});

function maximaOf(call: Call, pooling: Pooling): Value {
  const { window, x, rank, around } = pooling;
  if (window.dilations.some((dilation) => dilation !== 1) || window.kernel.length > 3)
    return fromImage(
      call.input(0).type,
      shifted(padded(pooling, -Infinity), window, (a, b) => tf.maximum(a, b)),
      rank,
    );
  const floats = x.dtype === 'float32' ? x : tf.cast(x, 'float32');
  if (window.kernel.length === 3) {
    const full = padded({ ...pooling, x: floats }, -3.4e38) as Tensor5D;
    const found = tf.maxPool3d(
      full,
      window.kernel as [number, number, number],
      window.strides as [number, number, number],
      'valid',
    );
    return fromImage(call.input(0).type, found, rank);
  }
  const [y, z] = around as [readonly [number, number], readonly [number, number]];
  const found = tf.maxPool(
    floats as Tensor4D,
    window.kernel as [number, number],
    window.strides as [number, number],
    [[0, 0], [...y], [...z], [0, 0]] as [[number, number], [number, number], [number, number], [number, number]],
  );
  return fromImage(call.input(0).type, x.dtype === 'float32' ? found : tf.cast(found, x.dtype), rank);
}

/** How many values of each window count, for the spatial axes of an image. */
function counted({ x, window, around, beyond }: Pooling, withPadding: boolean): Tensor {
  let found: Tensor = tf.ones([1, ...x.shape.slice(1, -1), 1]);
  const own = around.map(([before, after], i) => [before, after - beyond[i]!] as const);
  own.forEach(([before, after], i) => (found = padAxis(found, i + 1, before, after, withPadding ? 1 : 0)));
  beyond.forEach((more, i) => (found = padAxis(found, i + 1, 0, more)));
  return shifted(found, window, (a, b) => tf.add(a, b));
}

/** Sums over windows: tfjs' average of zero-padded values, times their number. */
function sums(pooling: Pooling, x: Tensor): Tensor {
  const { window } = pooling;
  const full = padded({ ...pooling, x }, 0);
  if (window.dilations.some((dilation) => dilation !== 1)) return shifted(full, window, (a, b) => tf.add(a, b));
  const size = window.kernel.reduce((product, side) => product * side, 1);
  if (window.kernel.length === 3)
    return tf.mul(
      tf.avgPool3d(
        full as Tensor5D,
        window.kernel as [number, number, number],
        window.strides as [number, number, number],
        'valid',
      ),
      size,
    );
  return tf.mul(average(full, window), size);
}

/** Of the values in each window that lies within the image. */
function average(x: Tensor, { kernel, strides }: Window): Tensor {
  return tf.avgPool(x as Tensor4D, kernel as [number, number], strides as [number, number], 'valid');
}

define('AveragePool', (call) => {
  const pooling = poolingOf(call);
  const { window, x, rank, around, beyond } = pooling;
  const withPadding = call.number('count_include_pad', 0) === 1;
  const isPadded = around.some(([before, after]) => before !== 0 || after !== 0);
  const countsAll = !isPadded || (withPadding && beyond.every((more) => more === 0));
  if (countsAll && x.rank === 4 && window.dilations.every((dilation) => dilation === 1))
    return fromImage(call.input(0).type, average(padded(pooling, 0), window), rank);
  const counts = call.kept.get(call.node, `counts ${x.shape.slice(1).join()}`, () =>
    tf.div(1, counted(pooling, withPadding)),
  );
  return fromImage(call.input(0).type, tf.mul(sums(pooling, x), counts), rank);
});

define('LpPool', (call) => {
  const pooling = poolingOf(call);
  const p = call.number('p', 2);
  const found = powered(sums(pooling, powered(tf.abs(pooling.x), p)), 1 / p);
  return fromImage(call.input(0).type, found, pooling.rank);
});

function powered(x: Tensor, p: number): Tensor {
  if (p === 1) return x;
  if (p === 2) return tf.square(x);
  return p === 0.5 ? tf.sqrt(x) : tf.pow(x, p);
}

/** All that lies behind the channels, as one value each. */
function global(name: string, f: (x: Tensor, places: number[], call: Call) => Tensor): void {
  define(name, (call) => {
    const x = onDevice(call, call.input(0));
    const places = inOrder(x.order.length).filter((place) => x.order[place]! > 1);
    return deviceValue(x.type, f(x.tensor, places, call), x.order);
  });
}
global('GlobalAveragePool', (x, places) => tf.mean(x, places, true));
global('GlobalMaxPool', (x, places) => tf.max(x, places, true));
global('GlobalLpPool', (x, places, call) => {
  const p = call.number('p', 2);
  return powered(tf.sum(powered(tf.abs(x), p), places, true), 1 / p);
});
