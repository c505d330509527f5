import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { reduced, reshaped } from '../run/host.js';
import { axisOf, define, offTape, onDevice, type Call } from '../run/operators.js';
import { deviceValue, dimsOf, inOrder, sizeOf, type Value } from '../run/value.js';

// Reductions over axes, and softmax over one.

type Reduction = (x: Tensor, places: number[]) => Tensor;

/** Axes as an input from this opset on; before, an attribute. */
function reduction(name: string, device: Reduction, host?: [number, (sum: number, next: number) => number]): void {
  define(name, (call) => {
    const x = call.input(0);
    const dims = dimsOf(x);
    const rank = dims.length;
    const given = call.numbersOf('axes', 1);
    const isNone = !given || given.length === 0;
    const axes = isNone ? inOrder(rank) : given.map((axis) => axisOf(axis, rank));
    const keeps = call.number('keepdims', 1) === 1;
    if (isNone && call.number('noop_with_empty_axes', 0) === 1) return identityOf(call, x, device);
    if (x.kind === 'host' && host) {
      const found = reduced(x, axes, host[0], host[1]);
      return keeps
        ? found
        : reshaped(
            found,
            dims.filter((_, axis) => !axes.includes(axis)),
          );
    }
    const { tensor, order } = onDevice(call, x);
    const places = axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
    const found = device(tensor, places);
    const shape = order.map((axis) => (axes.includes(axis) ? 1 : dims[axis]!));
    if (keeps) return deviceValue(x.type, tf.reshape(found, shape), order);
    const left = inOrder(rank).filter((axis) => !axes.includes(axis));
    const rest = order.filter((axis) => !axes.includes(axis));
    return deviceValue(
      x.type,
      tf.reshape(
        found,
        rest.map((axis) => dims[axis]!),
      ),
      rest.map((axis) => left.indexOf(axis)),
    );
  });
}

/** What a reduction over no axes does to each value. */
function identityOf(call: Call, x: Value, device: Reduction): Value {
  const { tensor, order } = onDevice(call, x);
  return deviceValue(x.type, tf.reshape(device(tf.reshape(tensor, [-1, 1]), [1]), tensor.shape), order);
}

const isEmpty = (x: Tensor, places: number[]): boolean => places.some((place) => x.shape[place] === 0);
const filledLike = (x: Tensor, places: number[], value: number): Tensor =>
  tf.fill(
    x.shape.filter((_, place) => !places.includes(place)),
    value,
    x.dtype === 'bool' ? 'bool' : x.dtype,
  );

reduction('ReduceSum', (x, places) => tf.sum(x, places), [0, (sum, next) => sum + next]);
reduction('ReduceMean', (x, places) =>
  x.dtype === 'float32' ? tf.mean(x, places) : tf.cast(tf.floor(tf.mean(tf.cast(x, 'float32'), places)), x.dtype),
);
reduction(
  'ReduceMax',
  (x, places) => (isEmpty(x, places) ? filledLike(x, places, -Infinity) : extreme(tf.max, x, places)),
  [-Infinity, Math.max],
);
reduction(
  'ReduceMin',
  (x, places) => (isEmpty(x, places) ? filledLike(x, places, Infinity) : extreme(tf.min, x, places)),
  [Infinity, Math.min],
);
reduction('ReduceProd', product, [1, (sum, next) => sum * next]);
reduction('ReduceL1', (x, places) => tf.sum(tf.abs(x), places));
reduction('ReduceL2', (x, places) => tf.sqrt(tf.sum(tf.square(x), places)));
reduction('ReduceSumSquare', (x, places) => tf.sum(tf.square(x), places));
reduction('ReduceLogSum', (x, places) => tf.log(tf.sum(x, places)));
reduction('ReduceLogSumExp', (x, places) => {
  if (isEmpty(x, places)) return filledLike(x, places, -Infinity);
  const most = tf.max(x, places, true);
  // What is subtracted must be finite; its gradient cancels.
  const finite = tf.where(
    offTape(() => tf.isFinite(most)),
    most,
    tf.zerosLike(most),
  );
  return tf.add(
    tf.log(tf.sum(tf.exp(tf.sub(x, finite)), places)),
    tf.reshape(
      finite,
      x.shape.filter((_, i) => !places.includes(i)),
    ),
  );
});

function extreme(f: (x: Tensor, axis: number[]) => Tensor, x: Tensor, places: number[]): Tensor {
  return x.dtype === 'bool' ? tf.cast(f(tf.cast(x, 'int32'), places), 'bool') : f(x, places);
}

/** By multiplying slices: the gradient of `tf.prod` is limited. */
function product(x: Tensor, places: number[]): Tensor {
  const left = inOrder(x.rank).filter((place) => !places.includes(place));
  const shape = left.map((place) => x.shape[place]!);
  let rows = tf.reshape(tf.transpose(x, [...left, ...places]), [sizeOf(shape), -1]);
  if (rows.shape[1] === 0) return tf.ones(shape, x.dtype);
  while (rows.shape[1]! > 1) {
    const [count, width] = rows.shape as [number, number];
    const half = width >> 1;
    const folded = tf.mul(tf.slice(rows, [0, 0], [count, half]), tf.slice(rows, [0, half], [count, half]));
    rows = width % 2 ? tf.concat([folded, tf.slice(rows, [0, width - 1], [count, 1])], 1) : folded;
  }
  return tf.reshape(rows, shape);
}

/** Softmax and its kin along one axis, before opset 13 over all axes from there on. */
function alongClasses(name: string, f: (rows: Tensor) => Tensor): void {
  define(name, (call) => {
    const x = call.input(0);
    const dims = dimsOf(x);
    const rank = dims.length;
    const axis = axisOf(call.number('axis', call.opset < 13 ? 1 : -1), rank);
    if (call.opset < 13) {
      const rows = tf.reshape(call.tensorOf(x), [sizeOf(dims.slice(0, axis)), sizeOf(dims.slice(axis))]);
      return deviceValue(x.type, tf.reshape(f(rows), dims));
    }
    const { tensor, order } = onDevice(call, x);
    const place = order.indexOf(axis);
    if (place === rank - 1) return deviceValue(x.type, f(tensor), order);
    const last = [...order.filter((each) => each !== axis), axis];
    return deviceValue(x.type, f(call.tensorOf(x, last)), last);
  });
}

alongClasses('Softmax', (rows) => tf.softmax(rows));
alongClasses('LogSoftmax', (rows) => tf.logSoftmax(rows));
alongClasses('Hardmax', (rows) => {
  const width = rows.shape.at(-1)!;
  const first = offTape(() => tf.argMax(rows, -1));
  return tf.reshape(tf.cast(tf.oneHot(tf.cast(tf.reshape(first, [-1]), 'int32'), width), 'float32'), rows.shape);
});
