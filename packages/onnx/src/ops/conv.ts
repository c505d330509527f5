import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { OnnxError } from '../errors.js';
import { byConstants } from '../run/by-constants.js';
import { define, type Call } from '../run/operators.js';
import { channelsLast } from '../run/order.js';
import {
  arranged,
  deviceValue,
  dimsOf,
  inOrder,
  sizeOf,
  type DeviceValue,
  type HostValue,
  type Value,
} from '../run/value.js';
import { onDevice } from '../run/operators.js';
import { padAxis } from './shape.js';
import { fusedActivation } from './unary.js';

// Convolutions. Images lie with their channels last, as tfjs and the cache want them.

/** How a window moves over the spatial axes. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Before and after, for each axis. */
  readonly pads: readonly (readonly [number, number])[];
}

/** The window of a node over `sides`. */
export function windowOf(call: Call, sides: readonly number[], kernel: readonly number[]): Window {
  const ones = sides.map(() => 1);
  const strides = call.list('strides') ?? ones;
  const dilations = call.list('dilations') ?? ones;
  const auto = call.text('auto_pad', 'NOTSET');
  const given = call.list('pads') ?? sides.flatMap(() => [0, 0]);
  const pads = sides.map((side, i): readonly [number, number] => {
    if (auto === 'NOTSET') return [given[i]!, given[i + sides.length]!];
    if (auto === 'VALID') return [0, 0];
    const extent = (kernel[i]! - 1) * dilations[i]! + 1;
    const total = Math.max((Math.ceil(side / strides[i]!) - 1) * strides[i]! + extent - side, 0);
    const small = Math.floor(total / 2);
    return auto === 'SAME_UPPER' ? [small, total - small] : [total - small, small];
  });
  return { kernel, strides, dilations, pads };
}

/** The value with channels last, as a tensor with at least two spatial axes. */
export function image(call: Call, value: Value): Tensor {
  const rank = dimsOf(value).length;
  const tensor = arranged(onDevice(call, value), channelsLast(rank));
  return rank === 3 ? tf.expandDims(tensor, 1) : tensor;
}

/** A result with channels last, without the axis that was added to a line of values. */
export function fromImage(type: Value['type'], tensor: Tensor, rank: number): DeviceValue {
  const found = rank === 3 ? tf.squeeze(tensor, [1]) : tensor;
  return deviceValue(type, found, channelsLast(rank));
}

/** A window over a line of values as one over an image of one row. */
export function twoAxes({ kernel, strides, dilations, pads }: Window): Window {
  if (kernel.length !== 1) return { kernel, strides, dilations, pads };
  return { kernel: [1, ...kernel], strides: [1, ...strides], dilations: [1, ...dilations], pads: [[0, 0], ...pads] };
}

/** The image with negative padding cut off, and what is left to pad. */
function cropped(x: Tensor, { pads }: Window): { x: Tensor; pads: (readonly [number, number])[] } {
  if (pads.every(([before, after]) => before >= 0 && after >= 0)) return { x, pads: [...pads] };
  const begin = [0, ...pads.map(([before]) => Math.max(-before, 0)), 0];
  const size = x.shape.map((side, i) => {
    const [before, after] = pads[i - 1] ?? [0, 0];
    return side - Math.max(-before, 0) - Math.max(-after, 0);
  });
  return {
    x: tf.slice(x, begin, size),
    pads: pads.map(([before, after]) => [Math.max(before, 0), Math.max(after, 0)]),
  };
}

type Pads2D = [[number, number], [number, number], [number, number], [number, number]];

function pads2D(pads: readonly (readonly [number, number])[]): Pads2D {
  const [y, x] = pads as [readonly [number, number], readonly [number, number]];
  // Never a single number: tfjs then takes the height's stride for the width.
  return [[0, 0], [...y], [...x], [0, 0]] as Pads2D;
}

/** The filter [out, in / groups, ...kernel] with its axes as tfjs wants them, made once of weights. */
function filterOf(call: Call, index: number, form: (filter: Tensor, dims: number[]) => Tensor, key: string): Tensor {
  const value = call.input(index);
  const dims = dimsOf(value);
  const make = (): Tensor => form(call.tensorOf(value.kind === 'host' ? { ...value, isConstant: false } : value), dims);
  return value.isConstant ? call.kept.get(call.node, key, make) : make();
}

define(['Conv', 'com.microsoft:FusedConv'], (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const kernel = dimsOf(call.input(1)).slice(2);
  const window = windowOf(call, dims.slice(2), kernel);
  const found = convolve(call, x, 1, window, call.number('group', 1), call.has(2) ? call.input(2) : undefined);
  // What ONNX Runtime fused in of a residual.
  const sum = call.has(3) ? tf.add(found, image(call, call.input(3))) : found;
  return fromImage(x.type, fusedActivation(call, sum, call.list('activation_params') ?? []), dims.length);
});

/**
 * Weights [out, in, ...kernel] as a filter [...kernel, in, out], turned before they get to the
 * backend: one that puts work off would hold all of them twice until it does it.
 */
function turnedOnHost({ dims, data }: HostValue, isLine: boolean): Tensor {
  const [out, inputs, ...kernel] = dims as [number, number, ...number[]];
  const taps = sizeOf(kernel);
  const found = new Float32Array(data.length);
  // In strips, so that what is read and what is written lie together.
  for (let from = 0; from < out; from += 16)
    for (let input = 0; input < inputs; input++)
      for (let o = from; o < Math.min(from + 16, out); o++)
        for (let tap = 0; tap < taps; tap++)
          found[(tap * inputs + input) * out + o] = data[(o * inputs + input) * taps + tap]!;
  return tf.tensor(found, [...(isLine ? [1] : []), ...kernel, inputs, out]);
}

/** What is added to each channel. */
interface Bias {
  readonly tensor: Tensor;
  readonly isConstant: boolean;
}

/** A convolution of x by the filter at an input, and the bias added to its channels; channels last. */
export function convolve(
  call: Call,
  x: Value,
  filterIndex: number,
  given: Window,
  groups: number,
  bias?: Value,
): Tensor {
  const added = bias && { tensor: call.tensorOf(bias), isConstant: bias.isConstant };
  const isConstant = call.input(filterIndex).isConstant && added?.isConstant !== false;
  const isLine = given.kernel.length === 1;
  const window = twoAxes(given);
  const { x: picture, pads } = cropped(image(call, x), window);
  const { strides, dilations } = window;
  const channels = picture.shape.at(-1)!;
  const turned = (filter: Tensor, dims: number[]): Tensor => {
    const [out, each] = dims as [number, number];
    const full = tf.reshape(filter, [out, each, ...(isLine ? [1] : []), ...dims.slice(2)]);
    return tf.transpose(full, [...inOrder(full.rank).slice(2), 1, 0]);
  };
  const filterAt = (key: string): Tensor => {
    const value = call.input(filterIndex);
    if (value.kind === 'device' || !value.isConstant || value.type !== 'float32')
      return filterOf(call, filterIndex, turned, key);
    return call.kept.get(call.node, key, () => turnedOnHost(value, isLine));
  };
  if (window.kernel.length === 3) {
    const filter = spaced(filterAt('volumes'), dilations);
    const [each, made] = [channels / groups, filter.shape[4]! / groups];
    const parts = inOrder(groups).map((group) => {
      const part = tf.slice(picture, [0, 0, 0, 0, group * each], [-1, -1, -1, -1, each]) as Tensor5D;
      return volumes(tf.slice(filter, [0, 0, 0, 0, group * made], [-1, -1, -1, -1, made]), part, strides, pads);
    });
    return biased(groups === 1 ? parts[0]! : tf.concat(parts, 4), added);
  }
  const outputs = dimsOf(call.input(filterIndex))[0]!;
  const step = strides as [number, number];
  if (groups === 1 && (isDense(dilations) || !hasGroupedKernel()))
    return plain(
      picture as Tensor4D,
      filterAt('filter') as Tensor4D,
      { strides: step, pads, dilations },
      added,
      isConstant,
    );
  if (hasGroupedKernel() && (!isDense(dilations) || groups !== channels)) {
    const filter = filterAt('filter') as Tensor4D;
    return grouped(picture as Tensor4D, filter, groups, { strides: step, pads, dilations }, added, isConstant);
  }
  if (groups === channels) {
    // [channels * multiplier, 1, h, w] becomes [h, w, channels, multiplier].
    const depthwise = filterOf(
      call,
      filterIndex,
      (filter, dims) => {
        const kernel = isLine ? [1, ...dims.slice(2)] : dims.slice(2);
        return tf.transpose(tf.reshape(filter, [channels, outputs / channels, ...kernel]), [2, 3, 0, 1]);
      },
      'depthwise',
    ) as Tensor4D;
    const found = tf.depthwiseConv2d(
      picture as Tensor4D,
      spaced(depthwise, dilations) as Tensor4D,
      step,
      pads2D(pads) as unknown as 'valid',
    );
    return biased(found, added);
  }
  const filter = filterAt('filter') as Tensor4D;
  const [each, made] = [channels / groups, outputs / groups];
  const parts = inOrder(groups).map((group) =>
    plain(
      tf.slice(picture, [0, 0, 0, group * each], [-1, -1, -1, each]) as Tensor4D,
      tf.slice(filter, [0, 0, 0, group * made], [-1, -1, -1, made]),
      { strides: step, pads, dilations },
      undefined,
      false,
    ),
  );
  return biased(tf.concat(parts, 3), added);
}

function biased(x: Tensor, bias: Bias | undefined): Tensor {
  return bias ? tf.add(x, bias.tensor) : x;
}

/** Steps and surroundings of a filter over an image. */
interface Steps {
  readonly strides: [number, number];
  readonly pads: readonly (readonly [number, number])[];
  readonly dilations: readonly number[];
}

function isDense(dilations: readonly number[]): boolean {
  return dilations.every((dilation) => dilation === 1);
}

/** Whether the backend convolves in groups and with dilations by itself, which tfjs has no op for. */
function hasGroupedKernel(): boolean {
  return tf.getKernel('GroupedConv2D', tf.getBackend()) !== undefined;
}

/** By the kernel of @advrob/backend-onnxruntime, which brings its gradients along. */
function grouped(
  x: Tensor4D,
  filter: Tensor4D,
  groups: number,
  { strides, pads, dilations }: Steps,
  bias: Bias | undefined,
  isConstant: boolean,
): Tensor {
  const attributes = { strides, pad: pads2D(pads), dilations: [...dilations], groups };
  const value = (z: Tensor): Tensor => biased(kernel('GroupedConv2D', { x: z, filter }, attributes), bias);
  if (!isConstant) return value(x);
  const inputShape = x.shape;
  return byConstants(x, value, (dy) =>
    kernel('GroupedConv2DBackpropInput', { dy, filter }, { ...attributes, inputShape }),
  );
}

function plain(
  x: Tensor4D,
  filter: Tensor4D,
  { strides, pads, dilations }: Steps,
  bias: Bias | undefined,
  isConstant: boolean,
): Tensor {
  const wide = spaced(filter, dilations) as Tensor4D;
  const pad = pads2D(pads);
  const value = (z: Tensor): Tensor => biased(tf.conv2d(z as Tensor4D, wide, strides, pad), bias);
  if (!isConstant) return value(x);
  const inputShape = x.shape;
  return byConstants(x, value, (dy) =>
    kernel('Conv2DBackpropInput', { dy, filter: wide }, { strides, pad, dataFormat: 'NHWC', inputShape }),
  );
}

function kernel(name: string, inputs: Record<string, Tensor>, attributes: object): Tensor {
  return tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap) as Tensor;
}

/** A filter with zeros between its values: tfjs has no gradient of dilated convolutions. */
function spaced(filter: Tensor, dilations: readonly number[]): Tensor {
  return dilations.reduce((spread, dilation, axis) => {
    if (dilation === 1 || spread.shape[axis] === 1) return spread;
    const { shape } = spread;
    const side = shape[axis]!;
    if (side * dilation > 1024) throw new OnnxError('ADVROB_ONNX_OPERATOR', `a window of ${side * dilation} values`);
    const blocks = tf.reshape(spread, [sizeOf(shape.slice(0, axis)), side, 1, sizeOf(shape.slice(axis + 1))]);
    const wide = tf.pad(blocks, [
      [0, 0],
      [0, 0],
      [0, dilation - 1],
      [0, 0],
    ]);
    const length = (side - 1) * dilation + 1;
    const flat = tf.reshape(wide, [blocks.shape[0]!, side * dilation, blocks.shape[3]!]);
    return tf.reshape(
      tf.slice(flat, [0, 0, 0], [-1, length, -1]),
      shape.map((each, i) => (i === axis ? length : each)),
    );
  }, filter);
}

function volumes(
  filter: Tensor,
  x: Tensor5D,
  strides: readonly number[],
  pads: readonly (readonly [number, number])[],
): Tensor {
  const padded = pads.reduce((tensor, [before, after], i) => padAxis(tensor, i + 1, before, after), x as Tensor);
  return tf.conv3d(padded as Tensor5D, filter as Tensor5D, strides as [number, number, number], 'valid');
}

define('ConvTranspose', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const [, perGroup, ...given] = dimsOf(call.input(1)) as [number, number, ...number[]];
  const kernel = call.list('kernel_shape') ?? given;
  const rank = dims.length;
  const groups = call.number('group', 1);
  const sides = dims.slice(2);
  const ones = sides.map(() => 1);
  const strides = call.list('strides') ?? ones;
  const dilations = call.list('dilations') ?? ones;
  const more = call.list('output_padding') ?? sides.map(() => 0);
  const full = sides.map((side, i) => (side - 1) * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1 + more[i]!);
  const auto = call.text('auto_pad', 'NOTSET');
  const listed = call.list('pads') ?? sides.flatMap(() => [0, 0]);
  const wanted = call.list('output_shape')?.slice(-sides.length);
  const pads = sides.map((side, i): readonly [number, number] => {
    const isSame = auto === 'SAME_UPPER' || auto === 'SAME_LOWER';
    if (!wanted && !isSame) return auto === 'VALID' ? [0, 0] : [listed[i]!, listed[i + sides.length]!];
    const total = full[i]! - (wanted?.[i] ?? side * strides[i]!);
    if (total < 0) return [0, total];
    const small = Math.floor(total / 2);
    return auto === 'SAME_UPPER' ? [small, total - small] : [total - small, small];
  });
  const isLine = rank === 3;
  const picture = image(call, x);
  const [n, channels] = [picture.shape[0]!, picture.shape.at(-1)!];
  const withLine = <T>(list: readonly T[], first: T): T[] => (isLine ? [first, ...list] : [...list]);
  const step = withLine(strides, 1);
  const extent = withLine(
    kernel.map((side, i) => (side - 1) * dilations[i]! + 1),
    1,
  );
  const size = extent.map((each, i) => (picture.shape[i + 1]! - 1) * step[i]! + each);
  // [in, out / groups, ...kernel] becomes [...kernel, out / groups, in].
  const filter = filterOf(
    call,
    1,
    (raw, all) => {
      const whole = tf.reshape(raw, [all[0]!, perGroup, ...withLine(all.slice(2), 1)]);
      return tf.transpose(whole, [...inOrder(whole.rank).slice(2), 1, 0]);
    },
    'transposed',
  );
  const each = channels / groups;
  const parts = inOrder(groups).map((group) => {
    const part = (of: Tensor): Tensor =>
      groups === 1
        ? of
        : tf.slice(
            of,
            [...Array<number>(of.rank - 1).fill(0), group * each],
            of.shape.map((side, i) => (i === of.rank - 1 ? each : side)),
          );
    const shape = [n, ...size, perGroup];
    const own = spaced(part(filter), withLine(dilations, 1));
    return rank === 5
      ? tf.conv3dTranspose(
          part(picture) as Tensor5D,
          own as Tensor5D,
          shape as Tensor5D['shape'],
          step as [number, number, number],
          'valid',
        )
      : tf.conv2dTranspose(
          part(picture) as Tensor4D,
          own as Tensor4D,
          shape as Tensor4D['shape'],
          step as [number, number],
          'valid',
        );
  });
  let found: Tensor = groups === 1 ? parts[0]! : tf.concat(parts as Tensor[], picture.rank - 1);
  withLine(more, 0).forEach((count, i) => (found = padAxis(found, i + 1, 0, count)));
  const around = withLine(pads, [0, 0]);
  const crops = around.map(([before, after]) => [Math.max(before, 0), Math.max(after, 0)] as const);
  found = tf.slice(
    found,
    [0, ...crops.map(([before]) => before), 0],
    [n, ...crops.map(([before, after], i) => found.shape[i + 1]! - before - after), found.shape.at(-1)!],
  );
  around.forEach(([before, after], i) => (found = padAxis(found, i + 1, Math.max(-before, 0), Math.max(-after, 0))));
  return fromImage(x.type, call.has(2) ? tf.add(found, call.tensor(2)) : found, rank);
});
