import { backend_util, type Tensor } from '@tensorflow/tfjs-core';
import { inOrder } from '../run/value.js';
import type { Tracer } from './tracer.js';

/** One call of a kernel of tfjs. */
export interface KernelCall {
  readonly inputs: Readonly<Record<string, Tensor>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly attributes: any;
  readonly output: Tensor;
}

/** Adds what a kernel computes to the graph, and sets its output. */
type Lower = (tracer: Tracer, call: KernelCall) => void;

/** Kernels that have an equivalent, by their names in tfjs. */
export const kernels = new Map<string, Lower>();

const channelsFirst = [0, 3, 1, 2];

function define(names: string | readonly string[], lower: Lower): void {
  for (const name of [names].flat()) kernels.set(name, lower);
}

/** Emits an operation on one value, whose axes stay where they are. */
function unary(name: string, emit: (tracer: Tracer, x: string, call: KernelCall) => string): void {
  define(name, (tracer, call) => {
    const x = tracer.valueOf(call.inputs['x'] ?? call.inputs['logits']!)!;
    tracer.set(call.output, emit(tracer, x.name, call), x.order);
  });
}

const sameNames = ['Relu', 'Sigmoid', 'Tanh', 'Exp', 'Log', 'Sqrt', 'Neg', 'Abs', 'Elu', 'Selu', 'Softplus', 'Erf'];
for (const name of [...sameNames, 'Sin', 'Cos', 'Floor', 'Ceil', 'Round', 'Sign', 'Reciprocal'])
  unary(name, (tracer, x) => tracer.emit(name, [x]));
unary('Identity', (_tracer, x) => x);
unary('Relu6', (tracer, x) => tracer.emit('Clip', [x, tracer.number(0), tracer.number(6)]));
unary('Square', (tracer, x) => tracer.emit('Mul', [x, x]));
unary('Rsqrt', (tracer, x) => tracer.emit('Reciprocal', [tracer.emit('Sqrt', [x])]));
unary('LeakyRelu', (tracer, x, { attributes }) =>
  tracer.emit('LeakyRelu', [x], { alpha: { float: attributes.alpha as number } }),
);
unary('ClipByValue', (tracer, x, { attributes }) =>
  tracer.emit('Clip', [
    x,
    tracer.number(attributes.clipValueMin as number),
    tracer.number(attributes.clipValueMax as number),
  ]),
);
unary('Cast', (tracer, x, { inputs, output }) => {
  if (inputs['x']!.dtype === output.dtype) return x;
  const types: Record<string, number> = { float32: 1, int32: 6, bool: 9 };
  return tracer.emit('Cast', [x], { to: types[output.dtype]! });
});

define('Softmax', (tracer, { inputs, output, attributes }) => {
  const { name, order } = tracer.valueOf(inputs['logits']!)!;
  const axis = order.indexOf(((attributes.dim as number) + order.length) % order.length);
  tracer.set(output, tracer.emit('Softmax', [name], { axis }), order);
});

/** Where the axes of a result lie: as those of the first operand of its rank. */
function orderFor(tracer: Tracer, tensors: readonly Tensor[], rank: number): readonly number[] {
  const traced = tensors.map((each) => tracer.valueOf(each)).find((each) => each?.order.length === rank);
  return traced?.order ?? inOrder(rank);
}

function elementwise(tracer: Tracer, operator: string, tensors: readonly Tensor[], output: Tensor): void {
  const order = orderFor(tracer, tensors, output.rank);
  const names = tensors.map((each) => tracer.operand(each, output.rank, order));
  tracer.set(output, tracer.emit(operator, names), order);
}

const binaries = {
  Add: 'Add',
  Sub: 'Sub',
  Multiply: 'Mul',
  RealDiv: 'Div',
  Maximum: 'Max',
  Minimum: 'Min',
  Pow: 'Pow',
};
for (const [name, operator] of Object.entries(binaries))
  define(name, (tracer, { inputs, output }) => elementwise(tracer, operator, [inputs['a']!, inputs['b']!], output));
define('AddN', (tracer, { inputs, output }) => elementwise(tracer, 'Sum', Object.values(inputs), output));
define('SquaredDifference', (tracer, { inputs, output }) => {
  const order = orderFor(tracer, [inputs['a']!, inputs['b']!], output.rank);
  const difference = tracer.emit(
    'Sub',
    [inputs['a']!, inputs['b']!].map((each) => tracer.operand(each, output.rank, order)),
  );
  tracer.set(output, tracer.emit('Mul', [difference, difference]), order);
});
define('Prelu', (tracer, { inputs, output }) => {
  const { name, order } = tracer.valueOf(inputs['x']!)!;
  tracer.set(output, tracer.emit('PRelu', [name, tracer.operand(inputs['alpha']!, output.rank, order)]), order);
});

const reductions = { Mean: 'ReduceMean', Sum: 'ReduceSum', Max: 'ReduceMax', Min: 'ReduceMin' };
for (const [name, operator] of Object.entries(reductions))
  define(name, (tracer, { inputs, attributes, output }) => {
    const { name: x, order } = tracer.valueOf(inputs['x']!)!;
    const rank = order.length;
    const given = [
      (attributes.axis ?? (attributes.reductionIndices as unknown) ?? inOrder(rank)) as number | number[],
    ].flat();
    const axes = given.map((axis) => (axis + rank) % rank);
    const places = axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
    const keepdims = output.rank === rank ? 1 : 0;
    const found =
      operator === 'ReduceSum'
        ? tracer.emit(operator, [x, tracer.integers(places)], { keepdims })
        : tracer.emit(operator, [x], { axes: places, keepdims });
    const left = order.filter((axis) => !axes.includes(axis));
    const renumbered = left.map((axis) => axis - axes.filter((each) => each < axis).length);
    tracer.set(output, found, keepdims ? order : renumbered);
  });

define('Reshape', (tracer, { inputs, output }) => {
  const x = inputs['x']!;
  if (x.shape.join() === output.shape.join()) {
    const { name, order } = tracer.valueOf(x)!;
    return tracer.set(output, name, order);
  }
  tracer.set(output, tracer.emit('Reshape', [tracer.arranged(x), tracer.integers(output.shape)]));
});
define('Transpose', (tracer, { inputs, attributes, output }) => {
  const { name, order } = tracer.valueOf(inputs['x']!)!;
  const perm = attributes.perm as number[];
  tracer.set(
    output,
    name,
    order.map((axis) => perm.indexOf(axis)),
  );
});
define('Concat', (tracer, { inputs, attributes, output }) => {
  const parts = Object.values(inputs).filter(({ size }) => size > 0);
  const order = orderFor(tracer, parts, output.rank);
  const axis = order.indexOf(((attributes.axis as number) + output.rank) % output.rank);
  const names = parts.map((each) => tracer.arranged(each, order));
  tracer.set(output, tracer.emit('Concat', names, { axis }), order);
});
define('Slice', (tracer, { inputs, attributes, output }) => {
  const x = inputs['x']!;
  const { name, order } = tracer.valueOf(x)!;
  const begin = [attributes.begin as number | number[]].flat();
  // Whole axes are left out: the batch is one of them.
  const places = inOrder(x.rank).filter((place) => output.shape[order[place]!] !== x.shape[order[place]!]);
  const starts = places.map((place) => begin[order[place]!]!);
  const ends = places.map((place, i) => starts[i]! + output.shape[order[place]!]!);
  if (places.length === 0) return tracer.set(output, name, order);
  const bounds = [starts, ends, places].map((each) => tracer.integers(each));
  tracer.set(output, tracer.emit('Slice', [name, ...bounds]), order);
});
define('PadV2', (tracer, { inputs, attributes, output }) => {
  const { name, order } = tracer.valueOf(inputs['x']!)!;
  const paddings = attributes.paddings as [number, number][];
  const pads = [0, 1].flatMap((side) => order.map((axis) => paddings[axis]![side as 0 | 1]));
  const value = tracer.number(attributes.constantValue as number);
  tracer.set(output, tracer.emit('Pad', [name, tracer.integers(pads), value]), order);
});

define('Tile', (tracer, { inputs, attributes, output }) => {
  const { name, order } = tracer.valueOf(inputs['x']!)!;
  const times = attributes.reps as number[];
  if (times.length !== order.length) tracer.refuse(`a repetition by [${times.join()}]`);
  tracer.set(output, tracer.emit('Tile', [name, tracer.integers(order.map((axis) => times[axis]!))]), order);
});

/** Applies what tfjs fuses into convolutions and products. */
function finished(
  tracer: Tracer,
  product: string,
  order: readonly number[],
  { inputs, attributes, output }: KernelCall,
): void {
  const { bias, preluActivationWeights } = inputs;
  let name = bias ? tracer.emit('Add', [product, tracer.operand(bias, output.rank, order)]) : product;
  const activation = (attributes.activation as string | undefined) ?? 'linear';
  const simple: Record<string, string> = { relu: 'Relu', sigmoid: 'Sigmoid', elu: 'Elu' };
  if (activation in simple) name = tracer.emit(simple[activation]!, [name]);
  else if (activation === 'relu6') name = tracer.emit('Clip', [name, tracer.number(0), tracer.number(6)]);
  else if (activation === 'leakyrelu')
    name = tracer.emit('LeakyRelu', [name], {
      alpha: { float: (attributes.leakyreluAlpha as number | undefined) ?? 0.2 },
    });
  else if (activation === 'prelu')
    name = tracer.emit('PRelu', [name, tracer.operand(preluActivationWeights!, output.rank, order)]);
  else if (activation !== 'linear') tracer.refuse(`the activation ${activation}`);
  tracer.set(output, name, order);
}

define(['BatchMatMul', '_FusedMatMul'], (tracer, call) => {
  const { inputs, attributes, output } = call;
  const [a, b] = [inputs['a']!, inputs['b']!];
  const turned = (x: Tensor, isTurned: boolean): readonly number[] =>
    isTurned ? [...inOrder(x.rank - 2), x.rank - 1, x.rank - 2] : inOrder(x.rank);
  const names = [
    tracer.arranged(a, turned(a, Boolean(attributes.transposeA))),
    tracer.arranged(b, turned(b, Boolean(attributes.transposeB))),
  ];
  const { bias } = inputs;
  // A dense layer is one operation.
  if (output.rank === 2 && bias && !tracer.valueOf(bias) && bias.size === output.shape[1]) {
    const product = tracer.emit('Gemm', [...names, tracer.weight(bias, [bias.size])]);
    const { bias: _added, ...others } = inputs;
    return finished(tracer, product, [0, 1], { ...call, inputs: others });
  }
  finished(tracer, tracer.emit('MatMul', names), inOrder(output.rank), call);
});

/** Padding after an axis, so that as many windows fit as tfjs says. */
function after(extent: number, before: number, reach: number, stride: number, count: number): number {
  return Math.max((count - 1) * stride + reach - extent - before, 0);
}

type Info = ReturnType<typeof backend_util.computeConv2DInfo>;

function windowOf(info: Info): Record<string, readonly number[]> {
  const { top, left } = info.padInfo;
  return {
    kernel_shape: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [
      top,
      left,
      after(info.inHeight, top, info.effectiveFilterHeight, info.strideHeight, info.outHeight),
      after(info.inWidth, left, info.effectiveFilterWidth, info.strideWidth, info.outWidth),
    ],
  };
}

type Four = [number, number, number, number];

function convolution(tracer: Tracer, call: KernelCall, isDepthwise: boolean): void {
  const { inputs, attributes } = call;
  const [x, filter] = [inputs['x']!, inputs['filter']!];
  if (attributes.dataFormat === 'NCHW') tracer.refuse('a convolution with channels first');
  if (tracer.valueOf(filter)) tracer.refuse('a convolution whose filter depends on the input');
  const info = backend_util.computeConv2DInfo(
    x.shape as Four,
    filter.shape as Four,
    attributes.strides as [number, number],
    (attributes.dilations as [number, number] | undefined) ?? 1,
    attributes.pad as 'same',
    attributes.dimRoundingMode as 'floor' | undefined,
    isDepthwise,
  );
  const [h, w, channels, last] = filter.shape as Four;
  const group = isDepthwise ? channels : 1;
  // [h, w, in, out] becomes [out, in, h, w]; of each channel's own, [h, w, 1, in * multiplier].
  const shape = isDepthwise ? [h, w, 1, channels * last] : filter.shape;
  const names = [tracer.arranged(x, channelsFirst), tracer.weight(filter, shape, [3, 2, 0, 1])];
  const { bias } = inputs;
  if (bias && !tracer.valueOf(bias) && bias.size === shape[3]) {
    const { bias: _added, ...others } = inputs;
    const product = tracer.emit('Conv', [...names, tracer.weight(bias, [bias.size])], { ...windowOf(info), group });
    return finished(tracer, product, channelsFirst, { ...call, inputs: others });
  }
  finished(tracer, tracer.emit('Conv', names, { ...windowOf(info), group }), channelsFirst, call);
}

define(['Conv2D', 'FusedConv2D'], (tracer, call) => convolution(tracer, call, false));
define(['DepthwiseConv2dNative', 'FusedDepthwiseConv2D'], (tracer, call) => convolution(tracer, call, true));

for (const [name, operator] of Object.entries({ MaxPool: 'MaxPool', AvgPool: 'AveragePool' }))
  define(name, (tracer, { inputs, attributes, output }) => {
    const x = inputs['x']!;
    const { filterSize, strides, pad, dimRoundingMode } = attributes as {
      filterSize: [number, number];
      strides: [number, number];
      pad: 'same';
      dimRoundingMode?: 'floor';
    };
    const info = backend_util.computePool2DInfo(x.shape as Four, filterSize, strides, 1, pad, dimRoundingMode);
    const { dilations: _ones, ...window } = windowOf(info);
    const more = operator === 'AveragePool' ? { count_include_pad: 0 } : {};
    const found = tracer.emit(operator, [tracer.arranged(x, channelsFirst)], { ...window, ...more });
    tracer.set(output, found, channelsFirst);
  });

define('FusedBatchNorm', (tracer, { inputs, attributes, output }) => {
  const { x, mean, variance, scale, offset } = inputs as Record<'x' | 'mean' | 'variance', Tensor> &
    Partial<Record<'scale' | 'offset', Tensor>>;
  const epsilon = attributes.varianceEpsilon as number;
  const rank = output.rank;
  const { order } = tracer.valueOf(x)!;
  const all = [mean, variance, scale, offset].filter((each): each is Tensor => each !== undefined);
  const channels = x.shape.at(-1)!;
  const isPerChannel = all.every(
    (each) => !tracer.valueOf(each) && each.size === channels && each.shape.at(-1) === channels,
  );
  if (isPerChannel && (rank === 2 || rank === 4)) {
    const wanted = rank === 4 ? channelsFirst : [0, 1];
    const vector = (each: Tensor | undefined, otherwise: number): string =>
      each
        ? tracer.weight(each, [channels])
        : tracer.constant('float32', [channels], new Float32Array(channels).fill(otherwise));
    const operands = [vector(scale, 1), vector(offset, 0), vector(mean, 0), vector(variance, 1)];
    const found = tracer.emit('BatchNormalization', [tracer.arranged(x, wanted), ...operands], {
      epsilon: { float: epsilon },
    });
    return tracer.set(output, found, wanted);
  }
  const operand = (each: Tensor): string => tracer.operand(each, rank, order);
  const deviation = tracer.emit('Sqrt', [tracer.emit('Add', [operand(variance), tracer.number(epsilon)])]);
  let found = tracer.emit('Div', [tracer.emit('Sub', [operand(x), operand(mean)]), deviation]);
  if (scale) found = tracer.emit('Mul', [found, operand(scale)]);
  if (offset) found = tracer.emit('Add', [found, operand(offset)]);
  tracer.set(output, found, order);
});

for (const [name, mode] of Object.entries({ ResizeNearestNeighbor: 'nearest', ResizeBilinear: 'linear' }))
  define(name, (tracer, { inputs, attributes, output }) => {
    const x = inputs['images']!;
    const scales = [1, 2].map((axis) => output.shape[axis]! / x.shape[axis]!);
    if (attributes.alignCorners || !scales.every((each) => Number.isInteger(each)))
      tracer.refuse(`a resize from [${x.shape.slice(1, 3).join()}] to [${output.shape.slice(1, 3).join()}]`);
    const factors = tracer.constant('float32', [4], [1, 1, ...scales]);
    const found = tracer.emit('Resize', [tracer.arranged(x, channelsFirst), '', factors], {
      mode,
      coordinate_transformation_mode: attributes.halfPixelCenters ? 'half_pixel' : 'asymmetric',
      ...(mode === 'nearest' && { nearest_mode: attributes.halfPixelCenters ? 'round_prefer_ceil' : 'floor' }),
    });
    tracer.set(output, found, channelsFirst);
  });
