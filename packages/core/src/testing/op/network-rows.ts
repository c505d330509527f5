import * as tf from '@tensorflow/tfjs-core';
import { modes, type AnyTensor, type OpRow } from './row.js';

const stats = (shape: number[]): number[][] => [shape, shape, shape, shape];
const normal = (x: AnyTensor, m: AnyTensor, s: AnyTensor, b: AnyTensor, g: AnyTensor): tf.Tensor =>
  tf.batchNorm(x, m, tf.add(tf.square(s), 0.5), b, g, 0.01);

type Size = [number, number];
type Side = 'same' | 'valid' | number | [number, number][];
type Rounding = 'floor' | 'round' | 'ceil';

const image = [[2, 5, 4, 2]];
const around: [number, number][] = [
  [0, 0],
  [1, 2],
  [2, 0],
  [0, 0],
];

/** Windows of every kind over images of 5 by 4. */
const windows: Readonly<Record<string, [size: Size, strides: Size, pad: Side, rounding?: Rounding]>> = {
  valid: [[2, 2], [1, 1], 'valid'],
  'same, stride 1': [[3, 3], [1, 1], 'same'],
  'same, stride 2, odd side': [[2, 2], [2, 2], 'same'],
  'same, not square': [[3, 2], [2, 1], 'same'],
  'padding 1': [[3, 3], [2, 2], 1],
  'padding 1, unequal strides': [[3, 3], [2, 1], 1],
  'padding 1, unequal window': [[3, 2], [1, 2], 1, 'floor'],
  'padding of its own for each side': [[3, 3], [2, 1], around, 'floor'],
  'rounding up': [[2, 2], [2, 2], 0, 'ceil'],
  'rounding up, padding 1': [[3, 3], [2, 2], 1, 'ceil'],
  'rounding to the nearest': [[2, 3], [3, 3], 0, 'round'],
};

const pools = {
  AvgPool: tf.avgPool,
  MaxPool: tf.maxPool,
} as const;

const volumePools = {
  AvgPool3D: tf.avgPool3d,
  MaxPool3D: tf.maxPool3d,
} as const;

const convolutions: Readonly<
  Record<string, [kernel: Size, strides: Size, pad: Side, dilations?: Size, rounding?: Rounding]>
> = {
  ...Object.fromEntries(
    Object.entries(windows).map(([mode, [size, strides, pad, rounding]]) => [
      mode,
      [size, strides, pad, [1, 1], rounding] as [Size, Size, Side, Size, Rounding?],
    ]),
  ),
  dilated: [[2, 2], [1, 1], 'valid', [2, 2]],
  'dilated, same': [[3, 2], [1, 1], 'same', [2, 3]],
  'dilated, padding 1': [[2, 2], [1, 1], 1, [2, 1]],
  'dilated, more padding than window': [[2, 2], [1, 1], 3, [2, 1]],
};

type Groups = [x: number[], filter: number[], groups: number, strides: Size, pads: [Size, Size], dilations?: Size];

/** Convolutions in groups: blocks of channels filled by one group, by several, by none, by each channel. */
const grouped: Readonly<Record<string, Groups>> = {
  'two groups': [
    [2, 5, 4, 4],
    [3, 2, 2, 6],
    2,
    [1, 1],
    [
      [1, 1],
      [0, 1],
    ],
  ],
  'unequal strides and padding': [
    [2, 5, 6, 6],
    [3, 3, 2, 3],
    3,
    [2, 1],
    [
      [1, 2],
      [2, 0],
    ],
  ],
  'dilated, stride 2': [
    [1, 7, 6, 4],
    [2, 3, 2, 4],
    2,
    [2, 2],
    [
      [1, 1],
      [2, 2],
    ],
    [3, 2],
  ],
  'one group, dilated': [
    [1, 6, 5, 2],
    [2, 2, 2, 3],
    1,
    [1, 1],
    [
      [0, 2],
      [1, 0],
    ],
    [2, 3],
  ],
  'windows beyond the padding': [
    [1, 3, 3, 4],
    [2, 2, 2, 4],
    2,
    [2, 2],
    [
      [3, 0],
      [0, 3],
    ],
  ],
  'a channel a group': [
    [1, 5, 4, 16],
    [3, 3, 1, 16],
    16,
    [1, 1],
    [
      [1, 1],
      [1, 1],
    ],
  ],
  'a channel a group, stride 2': [
    [1, 6, 4, 16],
    [3, 3, 1, 16],
    16,
    [2, 2],
    [
      [1, 1],
      [1, 1],
    ],
  ],
  'a channel a group, two outputs, dilated': [
    [1, 5, 5, 4],
    [2, 2, 1, 8],
    4,
    [1, 1],
    [
      [1, 1],
      [1, 1],
    ],
    [2, 2],
  ],
  'groups of a block': [
    [1, 4, 3, 32],
    [2, 2, 16, 32],
    2,
    [1, 1],
    [
      [1, 0],
      [0, 1],
    ],
  ],
  'four groups a block': [
    [1, 4, 4, 32],
    [3, 3, 4, 32],
    8,
    [1, 1],
    [
      [1, 1],
      [1, 1],
    ],
  ],
  'four groups a block, stride 2': [
    [1, 4, 4, 32],
    [3, 3, 4, 32],
    8,
    [2, 2],
    [
      [1, 1],
      [1, 1],
    ],
  ],
  'two groups a block, dilated': [
    [1, 4, 4, 16],
    [2, 2, 8, 16],
    2,
    [1, 1],
    [
      [1, 1],
      [1, 1],
    ],
    [2, 1],
  ],
};

/** By the kernel of a backend that has one, else group by group. */
function groupedConv2d(
  x: AnyTensor,
  filter: AnyTensor,
  [, , groups, strides, pads, dilations = [1, 1]]: Groups,
): tf.Tensor {
  const pad = [[0, 0], ...pads, [0, 0]];
  if (tf.getKernel('GroupedConv2D', tf.getBackend()) !== undefined)
    return tf.engine().runKernel('GroupedConv2D', { x, filter }, {
      strides,
      pad,
      dilations,
      groups,
    } as object as tf.NamedAttrMap) as tf.Tensor;
  const filters = tf.split(filter as tf.Tensor4D, groups, 3) as tf.Tensor4D[];
  const wide = tf.pad(x as tf.Tensor4D, pad as [number, number][]);
  const all = (tf.split(wide, groups, 3) as tf.Tensor4D[]).map((part, i) => {
    if (strides.every((stride) => stride === 1)) return tf.conv2d(part, filters[i]!, 1, 'valid', 'NHWC', dilations);
    // tfjs has no strides with dilations: of all outputs, those at the strides.
    const dense = tf.conv2d(part, filters[i]!, 1, 'valid', 'NHWC', dilations);
    return tf.stridedSlice(dense, [0, 0, 0, 0], dense.shape, [1, ...strides, 1]);
  });
  return tf.concat(all, 3);
}

const channelsFirst = (x: AnyTensor): AnyTensor => tf.transpose(x, [0, 3, 1, 2]);

export const networkRows: readonly OpRow[] = [
  ...modes('BatchMatMul', {
    matrices: [
      [
        [2, 3],
        [3, 2],
      ],
      (a, b) => tf.matMul(a, b),
    ],
    'first transposed': [
      [
        [3, 2],
        [3, 2],
      ],
      (a, b) => tf.matMul(a, b, true),
    ],
    'second transposed': [
      [
        [2, 3],
        [4, 3],
      ],
      (a, b) => tf.matMul(a, b, false, true),
    ],
    'both transposed': [
      [
        [3, 2],
        [4, 3],
      ],
      (a, b) => tf.matMul(a, b, true, true),
    ],
    batches: [
      [
        [2, 2, 3],
        [2, 3, 2],
      ],
      (a, b) => tf.matMul(a, b),
    ],
    'one for all of the batch': [
      [
        [2, 2, 3],
        [3, 2],
      ],
      (a, b) => tf.matMul(a, b),
    ],
    'batches that broadcast, transposed': [
      [
        [2, 1, 3, 2],
        [2, 3, 2],
      ],
      (a, b) => tf.matMul(a, b, true),
    ],
  }),
  ...modes('Einsum', {
    matrices: [
      [
        [2, 3],
        [3, 2],
      ],
      (a, b) => tf.einsum('bi,ij->bj', a, b),
    ],
    attention: [
      [
        [2, 2, 3],
        [2, 3, 3],
      ],
      (a, b) => tf.einsum('bqd,bkd->bqk', a, b),
    ],
    'a sum': [[[2, 3]], (a) => tf.einsum('ij->j', a)],
    'an axis of one alone': [[[2, 3], [3]], (a, b) => tf.einsum('ij,k->jk', a, b)],
    transposed: [[[2, 3]], (a) => tf.einsum('ij->ji', a)],
  }),
  ...modes('FusedBatchNorm', {
    'last axis': [[[2, 2, 2, 3], ...stats([3])], normal],
    matrices: [[[4, 3], ...stats([3])], normal],
    'another axis': [[[2, 3, 2, 2], ...stats([1, 3, 1, 1])], normal],
    'the same for all': [[[2, 2, 1, 2], ...stats([1])], normal],
    'a value of its own for all': [[[1, 2, 2, 2], ...stats([1, 2, 2, 2])], normal],
    'without scale': [[[4, 3], [3], [3], [3]], (x, m, s, b) => tf.batchNorm(x, m, tf.add(tf.square(s), 0.5), b)],
    'without offset': [
      [[4, 3], [3], [3], [3]],
      (x, m, s, g) => tf.batchNorm(x, m, tf.add(tf.square(s), 0.5), undefined, g),
    ],
    'without both': [[[4, 3], [3], [3]], (x, m, s) => tf.batchNorm(x, m, tf.add(tf.square(s), 0.5))],
    'without scale, of its statistics': [
      [[3], [3]],
      (m, s) => tf.batchNorm(tf.ones([4, 3]), m, tf.add(tf.square(s), 0.5)),
    ],
  }),
  ...modes('LRN', {
    'one neighbour': [[[1, 2, 2, 4]], (x) => tf.localResponseNormalization(x, 1, 1, 0.5, 0.75)],
    'all neighbours': [[[1, 2, 2, 4]], (x) => tf.localResponseNormalization(x, 5, 2, 1, 0.5)],
  }),
  ...Object.entries(pools).flatMap(([kernel, pool]) =>
    Object.entries(windows).flatMap(([mode, [size, strides, pad, rounding]]) =>
      modes(kernel, { [mode]: [image, (x) => pool(x, size, strides, pad as 'same', rounding)] }),
    ),
  ),
  ...Object.entries(volumePools).flatMap(([kernel, pool]) =>
    modes(kernel, {
      valid: [[[1, 3, 3, 3, 2]], (x) => pool(x, 2, 1, 'valid')],
      same: [[[1, 3, 4, 3, 1]], (x) => pool(x, 2, 2, 'same')],
      'same, stride 1, not a cube': [[[1, 3, 4, 3, 1]], (x) => pool(x, [2, 3, 2], 1, 'same')],
      'padding 1': [[[1, 3, 4, 3, 1]], (x) => pool(x, [3, 2, 3], [2, 1, 2], 1)],
      'rounding up': [[[1, 3, 4, 3, 1]], (x) => pool(x, 2, 2, 0, 'ceil')],
    }),
  ),
  ...Object.entries(convolutions).flatMap(([mode, [[h, w], strides, pad, dilations, rounding]]) => [
    ...modes('Conv2D', {
      [mode]: [
        [
          [2, 5, 4, 2],
          [h, w, 2, 3],
        ],
        (x, f) => tf.conv2d(x, f, strides, pad as 'same', 'NHWC', dilations, rounding),
      ],
      [`fused, ${mode}`]: [
        [[2, 5, 4, 2], [h, w, 2, 3], [3]],
        (x, filter, bias) =>
          tf.fused.conv2d({
            x,
            filter,
            bias,
            strides,
            pad: pad as 'same',
            dilations: dilations ?? 1,
            ...(rounding && { dimRoundingMode: rounding }),
          }),
      ],
    }),
    ...modes('DepthwiseConv2dNative', {
      [mode]: [
        [
          [2, 5, 4, 2],
          [h, w, 2, 2],
        ],
        (x, f) => tf.depthwiseConv2d(x, f, strides, pad as 'same', 'NHWC', dilations, rounding),
      ],
      [`fused, ${mode}`]: [
        [[2, 5, 4, 2], [h, w, 2, 1], [2]],
        (x, filter, bias) =>
          tf.fused.depthwiseConv2d({
            x,
            filter,
            bias,
            strides,
            pad: pad as 'same',
            dilations: dilations ?? 1,
            ...(rounding && { dimRoundingMode: rounding }),
          }),
      ],
    }),
  ]),
  ...modes('Conv2D', {
    'one row, causal': [
      [
        [1, 5, 2],
        [2, 2, 3],
      ],
      (x, f) =>
        tf.conv1d(
          tf.pad(x, [
            [0, 0],
            [2, 0],
            [0, 0],
          ]) as tf.Tensor3D,
          f,
          1,
          'valid',
          'NWC',
          2,
        ),
    ],
    'one image, fused': [
      [
        [4, 4, 1],
        [2, 2, 1, 2],
      ],
      (x, filter) => tf.fused.conv2d({ x, filter, strides: 1, pad: 'same' }),
    ],
    'fused with an activation': [
      [[1, 4, 4, 1], [2, 2, 1, 2], [2]],
      (x, filter, bias) => tf.fused.conv2d({ x, filter, bias, strides: 1, pad: 'same', activation: 'elu' }),
    ],
    separable: [
      [
        [1, 4, 4, 2],
        [2, 2, 2, 1],
        [1, 1, 2, 3],
      ],
      (x, d, p) => tf.separableConv2d(x, d, p, 1, 'same'),
    ],
  }),
  ...modes('DepthwiseConv2dNative', {
    'channels first': [
      [
        [1, 4, 3, 2],
        [2, 2, 2, 2],
      ],
      (x, f) => tf.depthwiseConv2d(channelsFirst(x), f, 1, 'same', 'NCHW'),
    ],
  }),
  ...Object.entries(grouped).flatMap(([mode, row]) =>
    modes('GroupedConv2D', { [mode]: [[row[0], row[1]], (x, f) => groupedConv2d(x, f, row), [-0.5, 0.5]] }),
  ),
  ...modes('GroupedConv2DBackpropInput', {
    'a gradient, differentiated': [
      [
        [1, 4, 3, 4],
        [2, 2, 2, 4],
      ],
      (x, f) => {
        const row: Groups = [
          [],
          [],
          2,
          [1, 1],
          [
            [1, 0],
            [0, 1],
          ],
        ];
        return tf.grad((at: AnyTensor) => tf.sum(tf.square(groupedConv2d(at, f, row))))(x);
      },
    ],
  }),
  ...modes('GroupedConv2DBackpropFilter', {
    'a gradient in the filter, differentiated': [
      [
        [1, 4, 3, 4],
        [2, 2, 2, 4],
      ],
      (x, f) => {
        const row: Groups = [
          [],
          [],
          2,
          [1, 1],
          [
            [1, 0],
            [0, 1],
          ],
        ];
        return tf.grad((at: AnyTensor) => tf.sum(tf.square(groupedConv2d(x, at, row))))(f);
      },
    ],
  }),
  ...modes('Conv2DBackpropInput', {
    same: [
      [
        [1, 2, 2, 3],
        [2, 2, 2, 3],
      ],
      (x, f) => tf.conv2dTranspose(x, f, [1, 4, 4, 2], 2, 'same'),
    ],
    valid: [
      [
        [1, 2, 2, 3],
        [3, 3, 2, 3],
      ],
      (x, f) => tf.conv2dTranspose(x, f, [1, 5, 5, 2], 2, 'valid'),
    ],
    'padding 1': [
      [
        [1, 2, 3, 1],
        [3, 3, 2, 1],
      ],
      (x, f) => tf.conv2dTranspose(x, f, [1, 3, 5, 2], 2, 1, 'floor'),
    ],
  }),
  ...modes('Conv2DBackpropFilter', {
    'a gradient in the filter, differentiated': [
      [
        [1, 4, 4, 2],
        [2, 2, 2, 3],
      ],
      (x, f) => tf.grads((a: AnyTensor, b: AnyTensor) => tf.sum(tf.pow(tf.conv2d(a, b, 1, 'valid'), 2)))([x, f])[1]!,
    ],
  }),
  ...modes('Conv3D', {
    valid: [
      [
        [1, 3, 3, 3, 2],
        [2, 2, 2, 2, 2],
      ],
      (x, f) => tf.conv3d(x, f, 1, 'valid'),
    ],
    'same, stride 2': [
      [
        [1, 3, 4, 3, 1],
        [2, 3, 2, 1, 2],
      ],
      (x, f) => tf.conv3d(x, f, 2, 'same'),
    ],
    dilated: [
      [
        [1, 4, 4, 3, 1],
        [2, 2, 2, 1, 2],
      ],
      (x, f) => tf.conv3d(x, f, 1, 'same', 'NDHWC', [2, 2, 1]),
    ],
  }),
  ...modes('Conv3DBackpropInputV2', {
    transposed: [
      [
        [1, 2, 2, 2, 2],
        [2, 2, 2, 1, 2],
      ],
      (x, f) => tf.conv3dTranspose(x, f, [1, 4, 4, 4, 1], 2, 'same'),
    ],
  }),
  ...modes('Dilation2D', {
    same: [
      [
        [1, 4, 4, 1],
        [2, 2, 1],
      ],
      (x, f) => tf.dilation2d(tf.mul(x, 30), f, 1, 'same'),
    ],
    dilated: [
      [
        [1, 5, 5, 2],
        [2, 2, 2],
      ],
      (x, f) => tf.dilation2d(tf.mul(x, 30), f, 1, 'valid', 2),
    ],
  }),
  ...(['ResizeBilinear', 'ResizeNearestNeighbor'] as const).flatMap((kernel) => {
    const resize = kernel === 'ResizeBilinear' ? tf.image.resizeBilinear : tf.image.resizeNearestNeighbor;
    const sizes: Readonly<Record<string, Size>> = { up: [7, 5], down: [2, 3], twice: [8, 6], 'to one pixel': [1, 1] };
    return Object.entries(sizes).flatMap(([name, size]) =>
      modes(kernel, {
        [name]: [[[2, 4, 3, 2]], (x) => resize(x, size)],
        [`${name}, aligned corners`]: [[[2, 4, 3, 2]], (x) => resize(x, size, true)],
        [`${name}, half pixels`]: [[[2, 4, 3, 2]], (x) => resize(x, size, false, true)],
      }),
    );
  }),
];
