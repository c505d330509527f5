import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { OnnxError } from '../errors.js';
import { stridesOf, taken } from '../run/host.js';
import { axisOf, define, offTape, onDevice, type Call } from '../run/operators.js';
import { deviceValue, dimsOf, hostValue, inOrder, sizeOf, type DeviceValue } from '../run/value.js';
import { box, inShape, padAxis } from './shape.js';

// Operators that take values at computed places, or put them there.

/** Indices counted from the start. @throws OnnxError when one lies outside. */
function fromStart(indices: readonly number[], length: number): Int32Array {
  return Int32Array.from(indices, (index) => {
    const found = index < 0 ? index + length : index;
    if (!(found >= 0 && found < length))
      throw new OnnxError('ADVROB_ONNX_INPUT', `index ${index} is outside of ${length} values`);
    return found;
  });
}

/** Known indices, or those of the data as a tensor, counted from the start. */
function indicesOf(call: Call, index: number, length: number): Int32Array | Tensor {
  const known = call.known(index);
  if (known) return fromStart([...known.data], length);
  return offTape(() => {
    const raw = tf.cast(call.tensor(index), 'int32');
    return tf.where(tf.less(raw, 0), tf.add(raw, tf.scalar(length, 'int32')), raw);
  });
}

define('Gather', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const axis = axisOf(call.number('axis', 0), dims.length);
  const places = dimsOf(call.input(1));
  const result = [...dims.slice(0, axis), ...places, ...dims.slice(axis + 1)];
  const indices = indicesOf(call, 1, dims[axis]!);
  if (indices instanceof Int32Array && x.kind === 'host') {
    const inner = sizeOf(dims.slice(axis + 1));
    const at: number[] = [];
    for (let outer = 0; outer < sizeOf(dims.slice(0, axis)); outer++)
      for (const index of indices) for (let i = 0; i < inner; i++) at.push((outer * dims[axis]! + index) * inner + i);
    return taken(x, result, at);
  }
  if (indices instanceof Int32Array && indices.length > 0 && isRun(indices)) {
    const begin = dims.map((_, i) => (i === axis ? indices[0]! : 0));
    const size = dims.map((side, i) => (i === axis ? indices.length : side));
    const part = box(call, x, begin, size) as DeviceValue;
    return places.length === 1 ? part : places.length === 0 ? without(part, axis) : inShape(call, part, result);
  }
  const at = indices instanceof Int32Array ? tf.tensor1d(indices, 'int32') : (tf.reshape(indices, [-1]) as Tensor1D);
  const value = onDevice(call, x);
  if (places.length === 1) {
    const { order } = value;
    return deviceValue(x.type, gathered(value.tensor, at, order.indexOf(axis)), order);
  }
  return deviceValue(x.type, tf.reshape(gathered(call.tensorOf(value), at, axis), result));
});

function isRun(indices: Int32Array): boolean {
  return indices.every((index, i) => index === indices[0]! + i);
}

/** The value without an axis of length 1. */
function without(value: DeviceValue, axis: number): DeviceValue {
  const dims = dimsOf(value);
  const order = value.order.filter((each) => each !== axis);
  const tensor = tf.reshape(
    value.tensor,
    order.map((each) => dims[each]!),
  );
  return deviceValue(
    value.type,
    tensor,
    order.map((each) => (each > axis ? each - 1 : each)),
  );
}

/** `tf.gather` along an axis of a tensor seen as three axes. */
export function gathered(tensor: Tensor, indices: Tensor1D, axis: number): Tensor {
  const { shape } = tensor;
  const flat = tf.reshape(tensor, [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))]);
  const found = tf.gather(flat, indices, 1);
  return tf.reshape(
    found,
    shape.map((side, i) => (i === axis ? indices.shape[0] : side)),
  );
}

/** Flat places, known or computed from the data. */
type Places = Int32Array | Tensor1D;

function asTensor(places: Places): Tensor1D {
  return places instanceof Int32Array ? tf.tensor1d(places, 'int32') : places;
}

/** Flat places in x for indices of the same rank that replace one axis. */
function elementPlaces(call: Call, dims: readonly number[], axis: number, at: readonly number[]): Places {
  const strides = stridesOf(dims);
  const base = hostValue(
    'int32',
    at,
    Int32Array.from({ length: sizeOf(at) }, (_, i) => {
      const own = stridesOf(at);
      return own.reduce(
        (sum, stride, each) => sum + (each === axis ? 0 : (Math.floor(i / stride) % at[each]!) * strides[each]!),
        0,
      );
    }),
  );
  const indices = indicesOf(call, 1, dims[axis]!);
  if (indices instanceof Int32Array)
    return Int32Array.from(base.data, (value, i) => value + indices[i]! * strides[axis]!);
  return offTape(() =>
    tf.add(
      tf.reshape(tf.mul(indices, tf.scalar(strides[axis]!, 'int32')), [-1]),
      tf.tensor1d(base.data as Int32Array, 'int32'),
    ),
  ) as Tensor1D;
}

define('GatherElements', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const at = dimsOf(call.input(1));
  const places = elementPlaces(call, dims, axisOf(call.number('axis', 0), dims.length), at);
  return deviceValue(x.type, tf.reshape(tf.gather(tf.reshape(call.tensorOf(x), [-1]), asTensor(places)), at));
});

/** Places of whole parts of x, where each row of the indices names its first axes. */
function partPlaces(
  call: Call,
  dims: readonly number[],
  batch: number,
): { places: Places; depth: number; lead: number[] } {
  const at = dimsOf(call.input(1));
  const depth = at.at(-1)!;
  const lead = at.slice(0, -1);
  const axes = dims.slice(batch, batch + depth);
  const strides = stridesOf([...dims.slice(0, batch), ...axes]);
  const rows = sizeOf(lead.slice(0, batch));
  const each = sizeOf(lead.slice(batch));
  const known = call.known(1);
  const own = strides.slice(batch);
  const outer = batch === 0 ? 0 : sizeOf(axes);
  if (known) {
    const places = Int32Array.from({ length: rows * each }, (_, i) => {
      const row = [...known.data.slice(i * depth, (i + 1) * depth)];
      return row.reduce(
        (sum, index, axis) => sum + fromStart([index], axes[axis]!)[0]! * own[axis]!,
        Math.floor(i / each) * outer,
      );
    });
    return { places, depth, lead };
  }
  const places = offTape(() => {
    const raw = tf.reshape(tf.cast(call.tensor(1), 'int32'), [-1, depth]);
    const sides = tf.tensor1d(axes, 'int32');
    const counted = tf.where(tf.less(raw, 0), tf.add(raw, sides), raw);
    const base = tf.tensor1d(
      Int32Array.from({ length: rows * each }, (_, i) => Math.floor(i / each) * outer),
      'int32',
    );
    return tf.add(tf.sum(tf.mul(counted, tf.tensor1d(own, 'int32')), 1), base);
  }) as Tensor1D;
  return { places, depth, lead };
}

define('GatherND', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const batch = call.number('batch_dims', 0);
  const { places, depth, lead } = partPlaces(call, dims, batch);
  const rest = dims.slice(batch + depth);
  const parts = tf.reshape(call.tensorOf(x), [-1, sizeOf(rest)]);
  return deviceValue(x.type, tf.reshape(tf.gather(parts, asTensor(places)), [...lead, ...rest]));
});

/** Rows of `x` [n, m] changed at `places` by `updates` [k, m], in their order. */
function scattered(call: Call, x: Tensor, places: Places, updates: Tensor, reduction: string): Tensor {
  const [floats, more] = [tf.cast(x, 'float32'), tf.cast(updates, 'float32')];
  if (reduction === 'add')
    return tf.cast(tf.add(floats, tf.unsortedSegmentSum(more, asTensor(places), x.shape[0]!)), x.dtype);
  if (reduction !== 'none' && !(places instanceof Int32Array))
    return call.unsupported(`scattering with ${reduction} to places that depend on the data`);
  const rounds = places instanceof Int32Array ? roundsOf(places, reduction === 'none') : [undefined];
  const found = rounds.reduce((rows: Tensor, chosen) => {
    const [some, own] = chosen
      ? [
          tf.tensor1d(
            chosen.map((i) => (places as Int32Array)[i]!),
            'int32',
          ),
          tf.gather(more, tf.tensor1d(chosen, 'int32')),
        ]
      : [places as Tensor1D, more];
    return once(rows, some, own, reduction);
  }, floats);
  return tf.cast(found, x.dtype);
}

/** Updates in rounds that each meet a place once; where only the last one counts, that alone. */
function roundsOf(places: Int32Array, isLastAlone: boolean): number[][] {
  const visits = new Map<number, number[]>();
  places.forEach((place, i) => visits.set(place, [...(visits.get(place) ?? []), i]));
  if (isLastAlone) return [[...visits.values()].map((each) => each.at(-1)!)];
  const most = Math.max(0, ...[...visits.values()].map(({ length }) => length));
  return inOrder(most).map((round) =>
    [...visits.values()].flatMap((each) => (round < each.length ? [each[round]!] : [])),
  );
}

/** One round, in which no place comes twice. */
function once(x: Tensor, places: Tensor1D, updates: Tensor, reduction: string): Tensor {
  const rows = x.shape[0]!;
  const spread = tf.unsortedSegmentSum(updates, places, rows);
  const hits = offTape(() => tf.unsortedSegmentSum(tf.ones([places.shape[0]]), places, rows));
  const mask = tf.broadcastTo(tf.reshape(hits, [rows, 1]), x.shape);
  const kept = tf.mul(x, tf.sub(1, mask));
  if (reduction === 'none') return tf.add(kept, spread);
  if (reduction === 'mul') return tf.add(kept, tf.mul(x, spread));
  return reduction === 'max' ? tf.maximum(x, tf.add(kept, spread)) : tf.minimum(x, tf.add(kept, spread));
}

define(['ScatterElements', 'Scatter'], (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const at = dimsOf(call.input(1));
  const places = elementPlaces(call, dims, axisOf(call.number('axis', 0), dims.length), at);
  const flat = tf.reshape(call.tensorOf(x), [-1, 1]);
  const updates = tf.reshape(call.tensor(2), [-1, 1]);
  return deviceValue(x.type, tf.reshape(scattered(call, flat, places, updates, call.text('reduction', 'none')), dims));
});

define('ScatterND', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const { places, depth } = partPlaces(call, dims, 0);
  const inner = sizeOf(dims.slice(depth));
  const found = scattered(
    call,
    tf.reshape(call.tensorOf(x), [-1, inner]),
    places,
    tf.reshape(call.tensor(2), [-1, inner]),
    call.text('reduction', 'none'),
  );
  return deviceValue(x.type, tf.reshape(found, dims));
});

define('Pad', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const rank = dims.length;
  const pads = call.numbersOf(call.opset < 2 ? 'paddings' : 'pads', 1) ?? [];
  const axes = call.has(3) ? call.numbers(3).map((axis) => axisOf(axis, rank)) : inOrder(rank);
  const value = call.opset < 11 ? call.number('value', 0) : call.has(2) ? call.numbers(2)[0]! : 0;
  const mode = call.text('mode', 'constant');
  const { tensor: start, order } = onDevice(call, x);
  let tensor = start;
  const dtype = tensor.dtype;
  axes.forEach((axis, i) => {
    const [before, after] = [pads[i]!, pads[i + axes.length]!];
    const place = order.indexOf(axis);
    const length = dims[axis]!;
    if (before === 0 && after === 0) return;
    if (mode === 'constant') {
      const [from, to] = [Math.max(-before, 0), length + Math.min(after, 0)];
      const kept = from > 0 || to < length ? sliced(tensor, place, from, to - from) : tensor;
      tensor = padAxis(
        dtype === 'bool' ? tf.cast(kept, 'int32') : kept,
        place,
        Math.max(before, 0),
        Math.max(after, 0),
        value,
      );
      return;
    }
    const at = Int32Array.from({ length: length + before + after }, (_, to) => mirrored(to - before, length, mode));
    tensor = gathered(tensor, tf.tensor1d(at, 'int32'), place);
  });
  if (dtype === 'bool') tensor = tf.cast(tensor, 'bool');
  return deviceValue(x.type, tensor, order);
});

function sliced(tensor: Tensor, place: number, begin: number, size: number): Tensor {
  return tf.slice(
    tensor,
    tensor.shape.map((_, i) => (i === place ? begin : 0)),
    tensor.shape.map((side, i) => (i === place ? size : side)),
  );
}

/** Where a value outside of `length` comes from. */
function mirrored(at: number, length: number, mode: string): number {
  if (mode === 'edge') return Math.min(Math.max(at, 0), length - 1);
  if (mode === 'wrap') return ((at % length) + length) % length;
  const period = Math.max(2 * (length - 1), 1);
  const inside = ((at % period) + period) % period;
  return inside < length ? inside : period - inside;
}

define('OneHot', (call) => {
  const indices = call.input(0);
  const depth = call.numbers(1)[0]!;
  const values = call.input(2);
  const dims = dimsOf(indices);
  const axis = axisOf(call.number('axis', -1), dims.length + 1);
  const [off, on] = [sliced(call.tensorOf(values), 0, 0, 1), sliced(call.tensorOf(values), 0, 1, 1)];
  const raw = call.tensorOf(indices);
  const hot = offTape(() => {
    const whole = tf.cast(raw, 'int32');
    const counted = tf.where(tf.less(whole, 0), tf.add(whole, tf.scalar(depth, 'int32')), whole);
    const steps = tf.reshape(
      tf.range(0, depth, 1, 'int32'),
      inOrder(dims.length + 1).map((each) => (each === axis ? depth : 1)),
    );
    return tf.cast(tf.equal(tf.expandDims(counted, axis), steps), 'float32');
  });
  const found = tf.add(tf.mul(hot, tf.cast(on, 'float32')), tf.mul(tf.sub(1, hot), tf.cast(off, 'float32')));
  return deviceValue(values.type, tf.cast(found, raw.dtype === 'bool' ? 'float32' : call.tensorOf(values).dtype));
});

define('NonZero', (call) => {
  const x = call.known(0);
  if (!x) throw new OnnxError('ADVROB_ONNX_DYNAMIC', 'how many values it has depends on the data');
  const strides = stridesOf(x.dims);
  const at = inOrder(x.data.length).filter((i) => x.data[i] !== 0);
  const data = strides.flatMap((stride, axis) => at.map((i) => Math.floor(i / stride) % x.dims[axis]!));
  return hostValue('int64', [x.dims.length, at.length], data);
});

define('Trilu', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const [rows, columns] = dims.slice(-2) as [number, number];
  const k = call.has(1) ? call.numbers(1)[0]! : 0;
  const isUpper = call.number('upper', 1) === 1;
  const mask = Int32Array.from({ length: rows * columns }, (_, i) => {
    const distance = (i % columns) - Math.floor(i / columns);
    return Number(isUpper ? distance >= k : distance <= k);
  });
  const tensor = call.tensorOf(x);
  const shape = [...dims.slice(0, -2).map(() => 1), rows, columns];
  return deviceValue(
    x.type,
    tf.mul(tensor, tf.cast(tf.tensor(mask, shape, 'int32'), tensor.dtype === 'bool' ? 'int32' : tensor.dtype)),
  );
});

define('CumSum', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const axis = axisOf(call.numbers(1)[0]!, dims.length);
  const [exclusive, reverse] = [call.number('exclusive', 0) === 1, call.number('reverse', 0) === 1];
  const length = dims[axis]!;
  const counted = Float32Array.from({ length: length * length }, (_, i) => {
    const [to, from] = [Math.floor(i / length), i % length];
    const distance = reverse ? from - to : to - from;
    return Number(exclusive ? distance > 0 : distance >= 0);
  });
  const tensor = call.tensorOf(x);
  const flat = tf.reshape(tf.cast(tensor, 'float32'), [
    sizeOf(dims.slice(0, axis)),
    length,
    sizeOf(dims.slice(axis + 1)),
  ]);
  const outer = flat.shape[0]!;
  const triangle = tf.broadcastTo(tf.tensor3d(counted, [1, length, length]), [outer, length, length]);
  return deviceValue(x.type, tf.cast(tf.reshape(tf.matMul(triangle, flat), dims), tensor.dtype));
});

define('TopK', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const axis = axisOf(call.number('axis', -1), dims.length);
  const k = call.opset < 10 ? call.number('k', 1) : call.numbers(1)[0]!;
  const isLargest = call.number('largest', 1) === 1;
  const axes = [...inOrder(dims.length).filter((each) => each !== axis), axis];
  const rows = tf.transpose(call.tensorOf(x), axes);
  const at = offTape(() => {
    const floats = tf.cast(rows, 'float32');
    return tf.topk(isLargest ? floats : tf.neg(floats), k, true).indices;
  });
  const length = dims[axis]!;
  const count = sizeOf(dims) / length;
  const flat = offTape(() =>
    tf.add(
      tf.reshape(tf.cast(at, 'int32'), [count, k]),
      tf.mul(tf.reshape(tf.range(0, count, 1, 'int32'), [count, 1]), tf.scalar(length, 'int32')),
    ),
  );
  const values = tf.gather(tf.reshape(rows, [-1]), tf.reshape(flat, [-1]));
  const shape = axes.map((each, i) => (i === axes.length - 1 ? k : dims[each]!));
  return [deviceValue(x.type, tf.reshape(values, shape), axes), deviceValue('int64', tf.reshape(at, shape), axes)];
});

define(['ArgMax', 'ArgMin'], (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const axis = axisOf(call.number('axis', 0), dims.length);
  const keeps = call.number('keepdims', 1) === 1;
  const isLast = call.number('select_last_index', 0) === 1;
  const find = call.node.operator === 'ArgMax' ? tf.argMax : tf.argMin;
  const tensor = call.tensorOf(x);
  const found = offTape(() => {
    if (!isLast) return find(tensor, axis);
    return tf.sub(tf.scalar(dims[axis]! - 1, 'int32'), find(tf.reverse(tensor, axis), axis));
  });
  return deviceValue('int64', keeps ? tf.expandDims(found, axis) : found);
});

define('Compress', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const isHit = call.numbers(1);
  const at = Int32Array.from(isHit.flatMap((hit, i) => (hit ? [i] : [])));
  const attribute = call.attribute('axis');
  if (attribute?.kind !== 'number')
    return deviceValue(x.type, tf.gather(tf.reshape(call.tensorOf(x), [-1]), tf.tensor1d(at, 'int32')));
  return deviceValue(
    x.type,
    gathered(call.tensorOf(x), tf.tensor1d(at, 'int32'), axisOf(attribute.value, dims.length)),
  );
});
