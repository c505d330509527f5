import * as tf from '@tensorflow/tfjs-core';
import { backend_util, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import type { RanKernel } from '@advrob/onnx/export';
import type { Activation, LayerNode, Operation, Pads } from './nodes.js';

/** Nodes that kernels have made so far. */
export interface Lowering {
  /** The node that holds a tensor; undefined for what does not depend on the input. */
  nodeOf(tensor: Tensor): LayerNode | undefined;
  add(operation: Operation, inputs: readonly LayerNode[], shape: readonly number[]): LayerNode;
  /** A tensor for a node, kept as long as the graph. */
  keep<T extends Tensor>(make: () => T): T;
  /** @throws AdvrobError `ADVROB_CERTIFY` */
  refuse(why?: string): never;
  readonly batch: number;
}

export type Call = RanKernel & { readonly output: Tensor };

type Lower = (to: Lowering, call: Call) => LayerNode;

/** How the kernels of tfjs become nodes, by their names. */
export const lowerings = new Map<string, Lower>();

function define(names: string | readonly string[], lower: Lower): void {
  for (const name of [names].flat()) lowerings.set(name, lower);
}

const shapeOf = ({ shape }: Tensor): number[] => shape.slice(1);
/** The shape of an elementwise result, of which tfjs may have another view. */
function elementShape(to: Lowering, { shape }: LayerNode, output: Tensor): readonly number[] {
  return output.size === to.batch * tf.util.sizeFromShape([...shape]) ? shape : shapeOf(output);
}

const isPlain = ({ output }: Call, batch: number): boolean => output.shape[0] === batch;

function inputOf(to: Lowering, { inputs }: Call): LayerNode {
  return to.nodeOf((inputs['x'] ?? inputs['images'] ?? inputs['logits'])!)!;
}

function activation(names: string, make: (attributes: Call['attributes']) => Activation): void {
  define(names, (to, call) => activated(to, inputOf(to, call), make(call.attributes)));
}

function activated(to: Lowering, x: LayerNode, made: Activation): LayerNode {
  if (made.kind === 'leakyRelu' && !(made.slope >= 0 && made.slope < 1)) to.refuse(`its slope is ${made.slope}`);
  return to.add({ op: 'activation', activation: made }, [x], x.shape);
}

const simple: Readonly<Record<string, Activation>> = {
  Relu: { kind: 'relu' },
  Relu6: { kind: 'clip', min: 0, max: 6 },
  Abs: { kind: 'abs' },
  Sigmoid: { kind: 'sigmoid' },
  Tanh: { kind: 'tanh' },
  Elu: { kind: 'elu' },
  Softplus: { kind: 'softplus' },
};
for (const [name, made] of Object.entries(simple)) activation(name, () => made);
activation('LeakyRelu', ({ alpha }) => ({ kind: 'leakyRelu', slope: alpha as number }));
activation('ClipByValue', ({ clipValueMin, clipValueMax }) => ({
  kind: 'clip',
  min: clipValueMin as number,
  max: clipValueMax as number,
}));
define(['Identity', 'Cast'], (to, call) => (call.output.dtype === 'float32' ? inputOf(to, call) : to.refuse()));

/** A constant that meets a value [n, ...shape], with the rank of `shape`; it must be the same for every example. */
function constant(to: Lowering, tensor: Tensor, shape: readonly number[], change?: (t: Tensor) => Tensor): Tensor {
  const rank = shape.length + 1;
  const sides = [...Array<number>(Math.max(0, rank - tensor.rank)).fill(1), ...tensor.shape];
  if (sides.length !== rank || sides[0] !== 1) to.refuse('it adds or multiplies by other values for each example');
  if (sides.some((side, i) => i > 0 && side !== 1 && side !== shape[i - 1]))
    to.refuse('it repeats its input along an axis');
  return to.keep(() => {
    const value = tf.reshape(tf.cast(tensor, 'float32'), sides.slice(1));
    return change ? change(value) : tf.clone(value);
  });
}

function scalarOf(to: Lowering, tensor: Tensor): number {
  if (tensor.size !== 1) to.refuse('it compares with more than one number');
  // eslint-disable-next-line no-restricted-syntax -- a constant of the network, which decides what the node is
  return tensor.dataSync()[0]!;
}

define('Add', (to, { inputs, output }) => {
  const [a, b] = [to.nodeOf(inputs['a']!), to.nodeOf(inputs['b']!)];
  if (a && b) return sum(to, [a, b], [1, 1]);
  const x = (a ?? b)!;
  return affine(to, x, 'shift', inputs[a ? 'b' : 'a']!, elementShape(to, x, output));
});
define('Sub', (to, { inputs, output }) => {
  const [a, b] = [to.nodeOf(inputs['a']!), to.nodeOf(inputs['b']!)];
  if (a && b) return sum(to, [a, b], [1, -1]);
  if (a) return affine(to, a, 'shift', inputs['b']!, elementShape(to, a, output), tf.neg);
  const minus = to.add({ op: 'affine', scale: to.keep(() => tf.scalar(-1)) }, [b!], b!.shape);
  return affine(to, minus, 'shift', inputs['a']!, elementShape(to, minus, output));
});
define('Neg', (to, call) => {
  const x = inputOf(to, call);
  return to.add({ op: 'affine', scale: to.keep(() => tf.scalar(-1)) }, [x], x.shape);
});
define('Multiply', (to, { inputs, output }) => {
  const [a, b] = [to.nodeOf(inputs['a']!), to.nodeOf(inputs['b']!)];
  if (a && b) to.refuse('it multiplies two values that both depend on the input');
  const x = (a ?? b)!;
  return affine(to, x, 'scale', inputs[a ? 'b' : 'a']!, elementShape(to, x, output));
});
define('RealDiv', (to, { inputs, output }) => {
  const a = to.nodeOf(inputs['a']!);
  if (!a || to.nodeOf(inputs['b']!)) to.refuse('it divides by a value that depends on the input');
  return affine(to, a!, 'scale', inputs['b']!, elementShape(to, a!, output), (by) => tf.div(1, by));
});
define('AddN', (to, { inputs }) => {
  const all = Object.values(inputs).map((each) => to.nodeOf(each) ?? to.refuse('one of its summands is a constant'));
  return sum(
    to,
    all,
    all.map(() => 1),
  );
});

function sum(to: Lowering, inputs: readonly LayerNode[], signs: readonly (1 | -1)[]): LayerNode {
  if (new Set(inputs.map(({ shape }) => shape.join())).size > 1) to.refuse('its inputs have different shapes');
  return to.add({ op: 'add', signs }, inputs, inputs[0]!.shape);
}

function sameShape(to: Lowering, x: LayerNode, shape: readonly number[]): void {
  if (x.shape.join() !== shape.join()) to.refuse('it repeats its input along an axis');
}

/** `x` with a constant added to it (`shift`) or times a constant (`scale`), after `change`. */
function affine(
  to: Lowering,
  x: LayerNode,
  part: 'shift' | 'scale',
  by: Tensor,
  shape: readonly number[],
  change?: (t: Tensor) => Tensor,
): LayerNode {
  sameShape(to, x, shape);
  return to.add({ op: 'affine', [part]: constant(to, by, shape, change) }, [x], shape);
}

for (const [name, side] of [
  ['Maximum', 'min'],
  ['Minimum', 'max'],
] as const)
  define(name, (to, { inputs }) => {
    const [a, b] = [to.nodeOf(inputs['a']!), to.nodeOf(inputs['b']!)];
    if (a && b) to.refuse('it compares two values that both depend on the input');
    const bound = scalarOf(to, inputs[a ? 'b' : 'a']!);
    const made: Activation =
      side === 'min' && bound === 0 ? { kind: 'relu' } : { kind: 'clip', min: -Infinity, max: Infinity, [side]: bound };
    return activated(to, (a ?? b)!, made);
  });

for (const name of ['Mean', 'Sum'])
  define(name, (to, { inputs, attributes, output }) => {
    const tensor = inputs['x']!;
    const x = to.nodeOf(tensor)!;
    const given = [attributes.axis ?? tensor.shape.map((_, axis) => axis)].flat() as number[];
    const axes = given.map((axis) => ((axis + tensor.rank) % tensor.rank) - 1).sort((p, q) => p - q);
    if (axes.includes(-1)) to.refuse('it mixes the examples of a batch');
    const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
    const left = x.shape.filter((_, axis) => !axes.includes(axis));
    const found = to.add({ op: 'sum', axes, factor: name === 'Mean' ? 1 / count : 1 }, [x], left);
    return shapeOf(output).join() === left.join() ? found : to.add({ op: 'reshape' }, [found], shapeOf(output));
  });

define(['Reshape', 'ExpandDims'], (to, call) => {
  const x = to.nodeOf((call.inputs['x'] ?? call.inputs['input'])!)!;
  const { shape } = call.output;
  // tfjs puts sides of 1 in front for products of matrices and normalisation.
  const sides = shape.slice(shape.findIndex((side) => side !== 1));
  if (sides.join() === [to.batch, ...x.shape].join()) return x;
  if (!isPlain(call, to.batch)) to.refuse('it moves the axis of the batch');
  if (x.shape.join() === shape.slice(1).join()) return x;
  return to.add({ op: 'reshape' }, [x], shape.slice(1));
});
define('Transpose', (to, { inputs, attributes, output }) => {
  const x = to.nodeOf(inputs['x']!)!;
  const perm = attributes.perm as number[];
  if (perm[0] !== 0 || inputs['x']!.rank !== x.shape.length + 1) to.refuse('it moves the axis of the batch');
  if (perm.every((axis, place) => axis === place)) return x;
  return to.add({ op: 'transpose', perm: perm.slice(1).map((axis) => axis - 1) }, [x], shapeOf(output));
});
define('Concat', (to, { inputs, attributes, output }) => {
  const axis = (((attributes.axis as number) + output.rank) % output.rank) - 1;
  const parts = Object.values(inputs).filter(({ size }) => size > 0);
  const nodes = parts.map((each) => to.nodeOf(each) ?? to.refuse('one of its parts is a constant'));
  if (axis < 0) to.refuse('it joins batches');
  return to.add({ op: 'concat', axis }, nodes, shapeOf(output));
});
define('Slice', (to, { inputs, attributes, output }) => {
  const x = to.nodeOf(inputs['x']!)!;
  const begin = [attributes.begin as number | number[]].flat();
  if (output.shape[0] !== to.batch) to.refuse('it takes a part of the batch');
  const rest = output.shape.map((_, axis) => begin[axis] ?? 0).slice(1);
  return to.add({ op: 'slice', begin: rest }, [x], shapeOf(output));
});
define('PadV2', (to, { inputs, attributes, output }) => {
  const x = to.nodeOf(inputs['x']!)!;
  const paddings = attributes.paddings as [number, number][];
  if (output.shape[0] !== to.batch) to.refuse('it pads the batch');
  return to.add(
    { op: 'pad', paddings: paddings.slice(1), value: attributes.constantValue as number },
    [x],
    shapeOf(output),
  );
});

/** Applies what tfjs fuses into convolutions and products. */
function finished(to: Lowering, product: LayerNode, { inputs, attributes }: Call): LayerNode {
  const { bias } = inputs;
  if (bias && to.nodeOf(bias)) to.refuse('its bias depends on the input');
  const biased = bias ? affine(to, product, 'shift', bias, product.shape) : product;
  const kind = (attributes.activation as string | undefined) ?? 'linear';
  const fused: Readonly<Record<string, Activation>> = {
    relu: { kind: 'relu' },
    relu6: { kind: 'clip', min: 0, max: 6 },
    sigmoid: { kind: 'sigmoid' },
    elu: { kind: 'elu' },
    leakyrelu: { kind: 'leakyRelu', slope: (attributes.leakyreluAlpha as number | undefined) ?? 0.2 },
  };
  if (kind === 'linear') return biased;
  return activated(to, biased, fused[kind] ?? to.refuse(`its activation is ${kind}`));
}

define(['BatchMatMul', '_FusedMatMul'], (to, call) => {
  const { inputs, attributes } = call;
  const [a, b] = [inputs['a']!, inputs['b']!];
  const x = to.nodeOf(a);
  if (!x || to.nodeOf(b)) to.refuse('its second factor depends on the input');
  const isMatrix = b.shape.slice(0, -2).every((side) => side === 1);
  if (!isMatrix || x!.shape.length !== 1 || attributes.transposeA)
    to.refuse('it is no product of one vector per example and a matrix');
  const sides = b.shape.slice(-2) as [number, number];
  const kernel = to.keep(() => {
    const matrix = tf.reshape(b, sides) as tf.Tensor2D;
    return attributes.transposeB ? tf.transpose(matrix) : tf.clone(matrix);
  });
  return finished(to, to.add({ op: 'dense', kernel }, [x!], [kernel.shape[1]]), call);
});

type Four = [number, number, number, number];

/** Padding after an axis, so that as many windows fit as tfjs says. */
const after = (extent: number, before: number, reach: number, stride: number, count: number): number =>
  Math.max((count - 1) * stride + reach - extent - before, 0);

function padsOf(info: ReturnType<typeof backend_util.computeConv2DInfo>): Pads {
  const { top, left } = info.padInfo;
  return [
    top,
    after(info.inHeight, top, info.effectiveFilterHeight, info.strideHeight, info.outHeight),
    left,
    after(info.inWidth, left, info.effectiveFilterWidth, info.strideWidth, info.outWidth),
  ];
}

/** A filter with its gaps filled with zeros. */
function dilated(filter: Tensor4D, [down, across]: readonly [number, number]): Tensor4D {
  const [h, w, c, o] = filter.shape;
  if (down === 1 && across === 1) return tf.clone(filter);
  const rows = tf.pad(tf.reshape(filter, [h, 1, w, c * o]), [
    [0, 0],
    [0, down - 1],
    [0, 0],
    [0, 0],
  ]);
  const full = tf.pad(tf.reshape(rows, [h * down, w, 1, c * o]), [
    [0, 0],
    [0, 0],
    [0, across - 1],
    [0, 0],
  ]);
  const all = tf.reshape(full, [h * down, w * across, c, o]) as Tensor4D;
  return tf.slice(all, [0, 0, 0, 0], [(h - 1) * down + 1, (w - 1) * across + 1, c, o]);
}

/** The filter [h, w, in, in * times] of a convolution of each channel by itself, [h, w, in, times]. */
function blockDiagonal(filter: Tensor4D): Tensor4D {
  const [h, w, c, times] = filter.shape;
  const own = tf.reshape(tf.eye(c), [1, 1, c, c, 1]);
  return tf.reshape(tf.mul(tf.reshape(filter, [h, w, c, 1, times]), own), [h, w, c, c * times]) as Tensor4D;
}

function convolution(to: Lowering, call: Call, isDepthwise: boolean): LayerNode {
  const { inputs, attributes, output } = call;
  const [x, filter] = [inputs['x']!, inputs['filter'] as Tensor4D];
  const node = to.nodeOf(x) ?? to.refuse('its filter depends on the input');
  if (attributes.dataFormat === 'NCHW') to.refuse('it has channels first');
  if (to.nodeOf(filter)) to.refuse('its filter depends on the input');
  const info = backend_util.computeConv2DInfo(
    x.shape as Four,
    filter.shape,
    attributes.strides as [number, number],
    (attributes.dilations as [number, number] | undefined) ?? 1,
    attributes.pad as 'same',
    attributes.dimRoundingMode as 'floor' | undefined,
    isDepthwise,
  );
  const made = to.keep(() =>
    dilated(isDepthwise ? blockDiagonal(filter) : filter, [info.dilationHeight, info.dilationWidth]),
  );
  const strides = [info.strideHeight, info.strideWidth] as const;
  const product = to.add({ op: 'conv2d', filter: made, strides, pads: padsOf(info) }, [node], shapeOf(output));
  return finished(to, product, call);
}
define(['Conv2D', 'FusedConv2D'], (to, call) => convolution(to, call, false));
define(['DepthwiseConv2dNative', 'FusedDepthwiseConv2D'], (to, call) => convolution(to, call, true));

for (const [name, op] of [
  ['MaxPool', 'maxPool'],
  ['AvgPool', 'avgPool'],
] as const)
  define(name, (to, { inputs, attributes, output }) => {
    const x = inputs['x']!;
    const info = backend_util.computePool2DInfo(
      x.shape as Four,
      attributes.filterSize as [number, number],
      attributes.strides as [number, number],
      1,
      attributes.pad as 'same',
      attributes.dimRoundingMode as 'floor' | undefined,
    );
    const window = {
      size: [info.filterHeight, info.filterWidth],
      strides: [info.strideHeight, info.strideWidth],
      pads: padsOf(info),
    } as const;
    return to.add({ op, ...window }, [to.nodeOf(x)!], shapeOf(output));
  });

define('FusedBatchNorm', (to, { inputs, attributes }) => {
  const { x, mean, variance, scale, offset } = inputs as Record<'x' | 'mean' | 'variance', Tensor> &
    Partial<Record<'scale' | 'offset', Tensor>>;
  const statistics = [mean, variance, scale, offset].filter((each) => each !== undefined);
  if (statistics.some((each) => to.nodeOf(each))) to.refuse('its statistics depend on the input');
  const node = to.nodeOf(x)!;
  const centered = affine(to, node, 'shift', mean, node.shape, tf.neg);
  const spread = constant(to, variance, node.shape, (v) => {
    const inverse = tf.div(1, tf.sqrt(tf.add(v, attributes.varianceEpsilon as number)));
    return scale ? tf.mul(inverse, scale) : inverse;
  });
  const shift = offset && constant(to, offset, node.shape);
  return to.add({ op: 'affine', scale: spread, ...(shift && { shift }) }, [centered], node.shape);
});
