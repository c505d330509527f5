import * as tf from '@tensorflow/tfjs-core';
import { OnnxError } from '../errors.js';
import { mostValues } from '../format/tensor-data.js';
import { broadcast, broadcastDims, concatenated, places, reshaped, stridesOf, taken, transposed } from '../run/host.js';
import { axisOf, define, onDevice, type Call } from '../run/operators.js';
import { broadcastTo } from '../run/order.js';
import { batchOf } from '../run/rebatch.js';
import { deviceValue, dimsOf, hostValue, inOrder, sizeOf, type HostValue, type Value } from '../run/value.js';

// Operators that move values or make them, and change none.

define('Constant', (call) => {
  const tensor = call.tensorAttribute('value');
  if (tensor) return hostValue(tensor.type, tensor.dims, tensor.data, true);
  const found = (name: string) => call.attribute(name);
  for (const [name, type] of [
    ['value_float', 'float32'],
    ['value_int', 'int64'],
  ] as const)
    if (found(name)) return hostValue(type, [], [call.number(name, 0)], true);
  for (const [name, type] of [
    ['value_floats', 'float32'],
    ['value_ints', 'int64'],
  ] as const) {
    const values = call.list(name);
    if (values) return hostValue(type, [values.length], values, true);
  }
  return call.unsupported('a constant of text or sparse values');
});

define('ConstantOfShape', (call) => {
  const dims = call.numbers(0);
  limit(dims);
  const value = call.tensorAttribute('value');
  return filled(value?.type ?? 'float32', dims, value?.data[0] ?? 0);
});

function filled(type: HostValue['type'], dims: readonly number[], value: number): HostValue {
  const empty = hostValue(type, dims, new Uint8Array(sizeOf(dims)));
  empty.data.fill(value);
  return empty;
}

function limit(dims: readonly number[]): void {
  if (!dims.every((side) => side >= 0) || sizeOf(dims) > mostValues)
    throw new OnnxError('ADVROB_ONNX_FILE', `a value of the shape [${dims.join()}]: more than ${mostValues} elements`);
}

define('Range', (call) => {
  const [start, end, step] = [call.numbers(0)[0]!, call.numbers(1)[0]!, call.numbers(2)[0]!];
  const count = Math.max(Math.ceil((end - start) / step), 0);
  limit([count]);
  return hostValue(
    call.input(0).type,
    [count],
    Float64Array.from({ length: count }, (_, i) => start + i * step),
  );
});

define('EyeLike', (call) => {
  const x = call.input(0);
  const [rows = 0, columns = 0] = dimsOf(x);
  const shift = call.number('k', 0);
  const data = Float64Array.from({ length: rows * columns }, (_, i) =>
    Number((i % columns) - Math.floor(i / columns) === shift),
  );
  const to = call.number('dtype', 0);
  return hostValue(
    to === 0 ? x.type : ({ 1: 'float32', 6: 'int32', 7: 'int64', 11: 'float64' } as const)[to as 1]!,
    [rows, columns],
    data,
  );
});

define('Shape', (call) => {
  const dims = dimsOf(call.input(0));
  const at = (name: string, otherwise: number): number => {
    const place = call.number(name, otherwise);
    return Math.min(Math.max(place < 0 ? place + dims.length : place, 0), dims.length);
  };
  const part = dims.slice(at('start', 0), at('end', dims.length));
  return hostValue('int64', [part.length], part);
});

define('Size', (call) => hostValue('int64', [], [sizeOf(dimsOf(call.input(0)))]));

/** The same values in the file's order under another shape. */
export function inShape(call: Call, value: Value, dims: readonly number[]): Value {
  if (value.kind === 'host') return reshaped(value, dims);
  return deviceValue(value.type, tf.reshape(call.tensorOf(value), [...dims]));
}

define('Reshape', (call) => {
  const x = call.input(0);
  const from = dimsOf(x);
  const target = call.numbersOf('shape', 1) ?? [];
  // A target that was made from shapes is right at every batch.
  const isComputed = call.has(1) && !call.input(1).isConstant;
  const allowZero = call.number('allowzero', 0) === 1;
  const resolve = (dims: readonly number[]): number[] => resolved(dims, target, allowZero);
  return inShape(call, x, call.batch.reshape(call.node, from, resolve, isComputed));
});

/** 0 copies a side, -1 takes what is left. */
export function resolved(from: readonly number[], target: readonly number[], allowZero: boolean): number[] {
  const dims = target.map((side, axis) => (side === 0 && !allowZero ? (from[axis] ?? 0) : side));
  const rest = dims.reduce((product, side) => (side === -1 ? product : product * side), 1);
  const found = dims.map((side) => (side === -1 ? sizeOf(from) / rest : side));
  if (sizeOf(found) !== sizeOf(from))
    throw new OnnxError('ADVROB_ONNX_INPUT', `[${from.join()}] cannot become [${target.join()}]`);
  return found;
}

define('Flatten', (call) => {
  const dims = dimsOf(call.input(0));
  const axis = call.number('axis', 1);
  const at = axis < 0 ? axis + dims.length : axis;
  return inShape(call, call.input(0), [sizeOf(dims.slice(0, at)), sizeOf(dims.slice(at))]);
});

define('Squeeze', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const axes = call.numbersOf('axes', 1)?.map((axis) => axisOf(axis, dims.length));
  const gone = axes ?? inOrder(dims.length).filter((axis) => dims[axis] === 1);
  if (gone.some((axis) => dims[axis] !== 1))
    throw new OnnxError('ADVROB_ONNX_INPUT', `axes ${gone.join()} of [${dims.join()}] are not all of length 1`);
  if (x.kind === 'host')
    return reshaped(
      x,
      dims.filter((_, axis) => !gone.includes(axis)),
    );
  const left = inOrder(dims.length).filter((axis) => !gone.includes(axis));
  const order = x.order.filter((axis) => !gone.includes(axis));
  return deviceValue(
    x.type,
    tf.reshape(
      x.tensor,
      order.map((axis) => dims[axis]!),
    ),
    order.map((axis) => left.indexOf(axis)),
  );
});

define('Unsqueeze', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const axes = call.numbersOf('axes', 1) ?? [];
  const rank = dims.length + axes.length;
  const added = axes.map((axis) => axisOf(axis, rank));
  const old = inOrder(rank).filter((axis) => !added.includes(axis));
  if (x.kind === 'host')
    return reshaped(
      x,
      inOrder(rank).map((axis) => (added.includes(axis) ? 1 : dims[old.indexOf(axis)]!)),
    );
  const shape = [...added.map(() => 1), ...x.tensor.shape];
  return deviceValue(x.type, tf.reshape(x.tensor, shape), [...added, ...x.order.map((axis) => old[axis]!)]);
});

define('Transpose', (call) => {
  const x = call.input(0);
  const rank = dimsOf(x).length;
  const axes = call.list('perm') ?? inOrder(rank).reverse();
  if (x.kind === 'host') return transposed(x, axes);
  // Axis `i` of the result is axis `axes[i]` of x: nothing moves.
  return { ...x, order: x.order.map((axis) => axes.indexOf(axis)) };
});

define('Concat', (call) => {
  const given = call.inputs.filter((each): each is Value => each !== undefined);
  const rank = dimsOf(given[0]!).length;
  const axis = axisOf(call.number('axis', 1), rank);
  const values = call.batch.repeatsOnes ? withRows(call, given, axis) : given;
  if (values.every((each): each is HostValue => each.kind === 'host')) return concatenated(values, axis);
  const first = values.reduce((best, each) =>
    each.kind === 'device' && (best.kind === 'host' || each.tensor.size > best.tensor.size) ? each : best,
  );
  const order = first.kind === 'device' ? first.order : inOrder(rank);
  const parts = values.filter((each) => sizeOf(dimsOf(each)) > 0).map((each) => call.tensorOf(each, order));
  return deviceValue(first.type, tf.concat(parts, order.indexOf(axis)), order);
});

/** What a file wrote for one example, such as a class token, for each of the batch. */
function withRows(call: Call, values: readonly Value[], axis: number): readonly Value[] {
  const wanted = batchOf(values, axis);
  return values.map((each) => {
    const dims = dimsOf(each);
    const full = dims.map((side, i) => (i === axis ? side : wanted[i]!));
    if (full.join() === dims.join() || sizeOf(dims) === 0) return each;
    return deviceValue(each.type, tf.broadcastTo(call.tensorOf(each), full));
  });
}

define('Split', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const axis = axisOf(call.number('axis', 0), dims.length);
  const length = dims[axis]!;
  const parts = call.number('num_outputs', call.node.outputs.length);
  const each = Math.ceil(length / parts);
  const even = Array.from({ length: parts }, (_, i) => Math.max(Math.min(each, length - i * each), 0));
  const sizes = call.numbersOf('split', 1) ?? even;
  let at = 0;
  return sizes.map((size) => {
    const begin = dims.map((_, i) => (i === axis ? at : 0));
    at += size;
    return box(
      call,
      x,
      begin,
      dims.map((side, i) => (i === axis ? size : side)),
    );
  });
});

/** A part of the values, from `begin`, `size` along each axis of the file. */
export function box(call: Call, value: Value, begin: readonly number[], size: readonly number[]): Value {
  if (value.kind === 'host') {
    const strides = stridesOf(value.dims);
    const offset = begin.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
    return taken(value, size, places(size, strides, offset));
  }
  const dims = dimsOf(value);
  if (size.every((side, axis) => side === dims[axis])) return value;
  const ordered = (list: readonly number[]): number[] => value.order.map((axis) => list[axis]!);
  return deviceValue(value.type, tf.slice(value.tensor, ordered(begin), ordered(size)), value.order);
}

define('Slice', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const starts = call.numbersOf('starts', 1) ?? [];
  const ends = call.numbersOf('ends', 2) ?? [];
  const axes = (call.numbersOf('axes', 3) ?? inOrder(starts.length)).map((axis) => axisOf(axis, dims.length));
  const steps = call.has(4) ? call.numbers(4) : starts.map(() => 1);
  const [begin, size, stride] = [dims.map(() => 0), [...dims], dims.map(() => 1)];
  axes.forEach((axis, i) => {
    const [length, step] = [dims[axis]!, steps[i]!];
    const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
    const place = (at: number): number => Math.min(Math.max(at < 0 ? at + length : at, least), most);
    begin[axis] = place(starts[i]!);
    size[axis] = Math.max(Math.ceil((place(ends[i]!) - begin[axis]!) / step), 0);
    stride[axis] = step;
  });
  return strided(call, x, begin, size, stride);
});

/** Every `stride`-th value, backwards where it is negative. */
function strided(
  call: Call,
  x: Value,
  begin: readonly number[],
  size: readonly number[],
  stride: readonly number[],
): Value {
  if (x.kind === 'host') {
    const strides = stridesOf(x.dims);
    const offset = begin.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
    return taken(
      x,
      size,
      places(
        size,
        strides.map((step, axis) => step * stride[axis]!),
        offset,
      ),
    );
  }
  if (sizeOf(size) === 0) return deviceValue(x.type, tf.zeros([...size], x.tensor.dtype));
  // The box that holds them all, turned round where it is read backwards.
  const span = size.map((count, axis) => (count - 1) * Math.abs(stride[axis]!) + 1);
  const from = begin.map((at, axis) => (stride[axis]! > 0 ? at : at - span[axis]! + 1));
  const found = onDevice(call, box(call, x, from, span));
  const { order } = found;
  let { tensor } = found;
  const turned = inOrder(order.length).filter((place) => stride[order[place]!]! < 0);
  if (turned.length > 0) tensor = tf.reverse(tensor, turned);
  order.forEach((axis, place) => {
    const step = Math.abs(stride[axis]!);
    if (step > 1) tensor = everyNth(tensor, place, step);
  });
  return deviceValue(x.type, tensor, order);
}

/** The first of every `step` values along an axis whose last block holds one value only. */
export function everyNth(tensor: tf.Tensor, axis: number, step: number): tf.Tensor {
  const { shape } = tensor;
  const count = Math.ceil(shape[axis]! / step);
  const more = count * step - shape[axis]!;
  const padded = more === 0 ? tensor : padAxis(tensor, axis, 0, more);
  const blocks = tf.reshape(padded, [sizeOf(shape.slice(0, axis)), count, step, sizeOf(shape.slice(axis + 1))]);
  const first = tf.slice(blocks, [0, 0, 0, 0], [-1, -1, 1, -1]);
  return tf.reshape(
    first,
    shape.map((side, i) => (i === axis ? count : side)),
  );
}

/** Zeros, or `value`, around one axis. */
export function padAxis(tensor: tf.Tensor, axis: number, before: number, after: number, value = 0): tf.Tensor {
  if (before === 0 && after === 0) return tensor;
  // As three axes, so that every rank is the same to tfjs.
  const { shape } = tensor;
  const flat = tf.reshape(tensor, [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))]);
  const padded = tf.pad(
    flat,
    [
      [0, 0],
      [before, after],
      [0, 0],
    ],
    value,
  );
  return tf.reshape(
    padded,
    shape.map((side, i) => (i === axis ? side + before + after : side)),
  );
}

define('Expand', (call) => {
  const x = call.input(0);
  const dims = broadcastDims(dimsOf(x), call.numbers(1));
  limit(dims);
  if (x.kind === 'host' && sizeOf(dims) < 2 ** 16) return broadcast(x, dims);
  return deviceValue(x.type, broadcastTo(call.tensorOf(x), dims));
});

define('Tile', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  // Before opset 6 how often, and along which axis.
  const isOld = call.opset < 6;
  const repeats = isOld
    ? dims.map((_, axis) => (axis === call.numbers(2)[0] ? call.numbers(1)[0]! : 1))
    : call.numbers(1);
  const wanted = dims.map((side, axis) => side * repeats[axis]!);
  limit(wanted);
  const [between, full] = [dims.flatMap((side) => [1, side]), dims.flatMap((side, axis) => [repeats[axis]!, side])];
  if (x.kind === 'host') return reshaped(broadcast(reshaped(x, between), full), wanted);
  // By repeating axes, since the gradient of tf.tile ends at rank 4; one axis at a time, for few axes.
  let tensor = call.tensorOf(x);
  repeats.forEach((times, axis) => {
    if (times === 1) return;
    const shape = tensor.shape;
    const flat = tf.reshape(tensor, [sizeOf(shape.slice(0, axis)), 1, sizeOf(shape.slice(axis))]);
    const more = tf.broadcastTo(flat, [flat.shape[0]!, times, flat.shape[2]!]);
    tensor = tf.reshape(
      more,
      shape.map((side, i) => (i === axis ? side * times : side)),
    );
  });
  return deviceValue(x.type, tensor);
});

define('Dropout', (call) => {
  const x = call.input(0);
  const ratio = call.has(1) ? call.numbers(1)[0]! : call.number('ratio', 0.5);
  const isTraining = call.has(2) && call.numbers(2)[0] !== 0;
  if (isTraining && ratio !== 0) return call.unsupported('dropout in training');
  if (!call.wants(1)) return x;
  return [x, filled('bool', dimsOf(x), 1)];
});

define('DepthToSpace', (call) => {
  const [n, c, h, w] = dimsOf(call.input(0)) as [number, number, number, number];
  const block = call.number('blocksize', 1);
  const depth = c / block ** 2;
  const isRows = call.text('mode', 'DCR') === 'DCR';
  const split = isRows ? [n, block, block, depth, h, w] : [n, depth, block, block, h, w];
  const axes = isRows ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return rearranged(call, split, axes, [n, depth, h * block, w * block]);
});

define('SpaceToDepth', (call) => {
  const [n, c, h, w] = dimsOf(call.input(0)) as [number, number, number, number];
  const block = call.number('blocksize', 1);
  const split = [n, c, h / block, block, w / block, block];
  return rearranged(call, split, [0, 3, 5, 1, 2, 4], [n, c * block ** 2, h / block, w / block]);
});

function rearranged(call: Call, split: number[], axes: number[], dims: number[]): Value {
  const x = call.input(0);
  if (x.kind === 'host') return reshaped(transposed(reshaped(x, split), axes), dims);
  return deviceValue(x.type, tf.reshape(tf.transpose(tf.reshape(call.tensorOf(x), split), axes), dims));
}
