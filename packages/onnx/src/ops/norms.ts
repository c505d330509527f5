import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { byConstants } from '../run/by-constants.js';
import { axisOf, define, offTape, onDevice, type Call } from '../run/operators.js';
import { asItLies } from '../run/order.js';
import { deviceValue, dimsOf, inOrder, type DeviceValue, type Value } from '../run/value.js';
import { gelu } from './unary.js';

// Normalisations.

/** A vector over one axis, shaped for a tensor whose axes lie as in `order`. */
function along(call: Call, value: Value, axis: number, order: readonly number[]): Tensor {
  const shape = order.map((each) => (each === axis ? -1 : 1));
  return tf.reshape(call.tensorOf(value), shape);
}

define('BatchNormalization', (call) => {
  if (call.opset < 9 && call.number('spatial', 1) === 0) return call.unsupported('normalisation of each place');
  const isTraining = call.number('training_mode', 0) === 1 || (call.opset < 7 && call.number('is_test', 0) === 0);
  const x = onDevice(call, call.input(0));
  const epsilon = call.number('epsilon', 1e-5);
  const { order } = x;
  if (isTraining && call.opset >= 14) return inTraining(call, x, epsilon);
  const known = [1, 2, 3, 4].map((i) => call.known(i));
  if (known.every((each) => each !== undefined)) {
    // In float64, once: y = x * scale + shift.
    const [g, b, m, v] = known.map((each) => each!.data);
    const scale = Float32Array.from(g!, (gain, i) => gain / Math.sqrt(v![i]! + epsilon));
    const shift = Float32Array.from(g!, (gain, i) => b![i]! - (m![i]! * gain) / Math.sqrt(v![i]! + epsilon));
    const place = order.indexOf(1);
    const shape = order.map((axis) => (axis === 1 ? scale.length : 1));
    const keep = (key: string, values: Float32Array): Tensor => {
      const make = (): Tensor => tf.tensor(values, shape);
      return known.every((each) => each!.isConstant)
        ? call.kept.get(call.node, `${key} ${place} ${shape.length}`, make)
        : make();
    };
    const [factor, offset] = [keep('scale', scale), keep('shift', shift)];
    const value = (z: Tensor): Tensor => tf.add(tf.mul(z, factor), offset);
    return asItLies(x, (all) => byConstants(all, value, (dy) => tf.mul(dy, factor)));
  }
  const vector = (index: number): Tensor => along(call, call.input(index), 1, order);
  return asItLies(x, (z) => {
    const scale = tf.div(vector(1), tf.sqrt(tf.add(vector(4), epsilon)));
    return tf.add(tf.mul(tf.sub(z, vector(3)), scale), vector(2));
  });
});

function inTraining(call: Call, x: DeviceValue, epsilon: number): readonly Value[] {
  const { order } = x;
  const momentum = call.number('momentum', 0.9);
  const places = inOrder(order.length).filter((place) => order[place] !== 1);
  const mean = tf.mean(x.tensor, places, true);
  const variance = tf.mean(tf.square(tf.sub(x.tensor, mean)), places, true);
  const vector = (index: number): Tensor => along(call, call.input(index), 1, order);
  const normal = tf.div(tf.sub(x.tensor, mean), tf.sqrt(tf.add(variance, epsilon)));
  const mixed = (index: number, now: Tensor): Value =>
    deviceValue('float32', tf.add(tf.mul(call.tensor(index), momentum), tf.mul(tf.reshape(now, [-1]), 1 - momentum)));
  return [deviceValue(x.type, tf.add(tf.mul(normal, vector(1)), vector(2)), order), mixed(3, mean), mixed(4, variance)];
}

/** Mean 0 and variance 1 over `places`. */
function standardised(x: Tensor, places: number[], epsilon: number): { normal: Tensor; mean: Tensor; inverse: Tensor } {
  const mean = tf.mean(x, places, true);
  const centred = tf.sub(x, mean);
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), places, true), epsilon));
  return { normal: tf.mul(centred, inverse), mean, inverse };
}

define('InstanceNormalization', (call) => {
  const x = onDevice(call, call.input(0));
  const places = inOrder(x.order.length).filter((place) => x.order[place]! > 1);
  const { normal } = standardised(x.tensor, places, call.number('epsilon', 1e-5));
  const vector = (index: number): Tensor => along(call, call.input(index), 1, x.order);
  return deviceValue(x.type, tf.add(tf.mul(normal, vector(1)), vector(2)), x.order);
});

define('GroupNormalization', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const groups = call.number('num_groups', 1);
  const [n, channels] = dims as [number, number];
  const grouped = tf.reshape(call.tensorOf(x), [n, groups, -1]);
  const { normal } = standardised(grouped, [2], call.number('epsilon', 1e-5));
  const rest = dims.slice(2).map(() => 1);
  // Before opset 21 a scale for each group.
  const vector = (index: number): Tensor => {
    const values = call.tensor(index);
    if (values.size === channels) return tf.reshape(values, [1, channels, ...rest]);
    const each = tf.tile(tf.reshape(values, [groups, 1]), [1, channels / groups]);
    return tf.reshape(each, [1, channels, ...rest]);
  };
  return deviceValue(x.type, tf.add(tf.mul(tf.reshape(normal, dims), vector(1)), vector(2)));
});

define(['LayerNormalization', 'com.microsoft:LayerNormalization'], (call) => {
  const x = call.input(0);
  const rank = dimsOf(x).length;
  const axis = axisOf(call.number('axis', -1), rank);
  const { normal, mean, inverse } = standardised(
    call.tensorOf(x),
    inOrder(rank).slice(axis),
    call.number('epsilon', 1e-5),
  );
  const scaled = tf.mul(normal, call.tensor(1));
  const found = call.has(2) ? tf.add(scaled, call.tensor(2)) : scaled;
  return [deviceValue(x.type, found), deviceValue('float32', mean), deviceValue('float32', inverse)];
});

define(['RMSNormalization', 'SimplifiedLayerNormalization', 'com.microsoft:SimplifiedLayerNormalization'], (call) => {
  const x = call.input(0);
  const rank = dimsOf(x).length;
  const axis = axisOf(call.number('axis', -1), rank);
  const tensor = call.tensorOf(x);
  const size = tf.mean(tf.square(tensor), inOrder(rank).slice(axis), true);
  return deviceValue(
    x.type,
    tf.mul(tf.mul(tensor, tf.rsqrt(tf.add(size, call.number('epsilon', 1e-5)))), call.tensor(1)),
  );
});

define('com.microsoft:SkipLayerNormalization', (call) => {
  const sum = tf.add(call.tensor(0), call.tensor(1));
  const biased = call.has(4) ? tf.add(sum, call.tensor(4)) : sum;
  const { normal } = standardised(biased, [biased.rank - 1], call.number('epsilon', 1e-12));
  const scaled = tf.mul(normal, call.tensor(2));
  const found = deviceValue(call.input(0).type, call.has(3) ? tf.add(scaled, call.tensor(3)) : scaled);
  return [found, found, found, deviceValue(call.input(0).type, biased)];
});

define('com.microsoft:BiasGelu', (call) =>
  deviceValue(call.input(0).type, gelu(tf.add(call.tensor(0), call.tensor(1)))),
);
define('com.microsoft:FastGelu', (call) =>
  deviceValue(call.input(0).type, gelu(call.has(1) ? tf.add(call.tensor(0), call.tensor(1)) : call.tensor(0), true)),
);

define('LpNormalization', (call) => {
  const x = onDevice(call, call.input(0));
  const place = x.order.indexOf(axisOf(call.number('axis', -1), x.order.length));
  const size =
    call.number('p', 2) === 1
      ? tf.sum(tf.abs(x.tensor), place, true)
      : tf.sqrt(tf.sum(tf.square(x.tensor), place, true));
  const safe = tf.where(
    offTape(() => tf.equal(size, 0)),
    tf.onesLike(size),
    size,
  );
  return deviceValue(x.type, tf.div(x.tensor, safe), x.order);
});

define('MeanVarianceNormalization', (call) => {
  const x = onDevice(call, call.input(0));
  const places = (call.list('axes') ?? [0, 2, 3]).map((axis) => x.order.indexOf(axis));
  const mean = tf.mean(x.tensor, places, true);
  const centred = tf.sub(x.tensor, mean);
  const deviation = tf.sqrt(tf.mean(tf.square(centred), places, true));
  return deviceValue(x.type, tf.div(centred, tf.add(deviation, 1e-9)), x.order);
});

define('LRN', (call) => {
  const x = onDevice(call, call.input(0));
  const dims = dimsOf(x);
  const last = [...x.order.filter((axis) => axis !== 1), 1];
  const tensor = call.tensorOf(x, last);
  const channels = dims[1]!;
  const size = call.number('size', 1);
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  // Sums over neighbouring channels by a matrix of ones along its diagonal.
  const band = Float32Array.from({ length: channels * channels }, (_, i) => {
    const [from, to] = [Math.floor(i / channels), i % channels];
    return Number(from >= to - before && from <= to + after);
  });
  const squares = tf.reshape(tf.square(tensor), [-1, channels]) as tf.Tensor2D;
  const sums = tf.reshape(tf.matMul(squares, tf.tensor2d(band, [channels, channels])), tensor.shape);
  const base = tf.add(tf.mul(sums, call.number('alpha', 0.0001) / size), call.number('bias', 1));
  return deviceValue(x.type, tf.div(tensor, tf.pow(base, call.number('beta', 0.75))), last);
});
