import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectSameAsCpu } from './against-cpu.js';

beforeAll(() => tf.enableProdMode());

type Four = [number, number, number, number];

const normal = (shape: number[], seed = 1): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);
const images = (shape: Four, seed = 1): tf.Tensor4D => normal(shape, seed) as tf.Tensor4D;

/** The result and the gradients of its weighted sum. */
function withGradients(f: (...x: tf.Tensor[]) => tf.Tensor, x: tf.Tensor[]): tf.Tensor[] {
  const y = f(...x);
  const weights = normal(y.shape, 99);
  return [y, ...tf.grads((...at: tf.Tensor[]) => tf.sum(tf.mul(f(...at), weights)))(x)];
}

describe('depthwise convolutions and their gradients', () => {
  const cases: [
    name: string,
    x: Four,
    filter: Four,
    stride: number,
    pad: 'same' | 'valid' | number,
    dilation: number,
  ][] = [
    ['one filter per channel', [2, 7, 6, 3], [3, 3, 3, 1], 1, 'same', 1],
    ['two filters per channel', [2, 7, 6, 3], [3, 3, 3, 2], 1, 'same', 1],
    ['blocks of channels', [2, 8, 8, 32], [3, 3, 32, 1], 1, 'same', 1],
    ['blocks of channels, stride 2', [2, 8, 8, 16], [3, 3, 16, 1], 2, 'same', 1],
    ['blocks of channels, two filters each', [1, 5, 5, 16], [3, 3, 16, 2], 1, 'valid', 1],
    ['not square, numeric padding', [1, 6, 7, 4], [3, 2, 4, 1], 1, 1, 1],
    ['wider than high, numeric padding', [1, 6, 7, 4], [2, 4, 4, 1], 1, 1, 1],
    ['dilated', [1, 9, 9, 3], [3, 3, 3, 1], 1, 'same', 2],
    ['one pixel', [1, 1, 1, 2], [1, 1, 2, 1], 1, 'valid', 1],
  ];
  it.each(cases)('%s', async (_name, shape, filterShape, stride, pad, dilation) => {
    await expectSameAsCpu(() => {
      const operands = [images(shape), normal(filterShape, 2)];
      const convolve = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
        tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad, 'NHWC', dilation);
      // tfjs has no gradient of dilated ones.
      return dilation === 1 ? withGradients(convolve as never, operands) : [convolve(operands[0]!, operands[1]!)];
    });
  });

  it.each(['linear', 'relu', 'relu6', 'elu', 'prelu', 'leakyrelu', 'sigmoid'] as const)(
    'with %s',
    async (activation) => {
      await expectSameAsCpu(() => [
        tf.fused.depthwiseConv2d({
          x: images([2, 5, 5, 16]),
          filter: normal([3, 3, 16, 1], 2) as tf.Tensor4D,
          strides: 1,
          pad: 'same',
          bias: normal([16], 3),
          activation,
          leakyreluAlpha: 0.1,
          ...(activation === 'prelu' ? { preluActivationWeights: normal([16], 4) } : {}),
        }),
      ]);
    },
  );
});

describe('convolutions whose sizes tfjs takes from the filter height', () => {
  it.each([
    [[3, 2, 4, 2], 1, undefined],
    [[2, 4, 4, 2], 1, undefined],
    [[1, 3, 4, 2], 2, undefined],
    [[3, 3, 4, 2], 1, 'ceil'],
    [[3, 3, 4, 2], 1, 'round'],
  ] as const)('filter %j, pad %d, rounded %s', async (filterShape, pad, rounding) => {
    await expectSameAsCpu(() =>
      withGradients(
        (x, filter) =>
          tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, rounding ? 2 : 1, pad, 'NHWC', [1, 1], rounding),
        [images([2, 6, 7, 4]), normal([...filterShape], 2)],
      ),
    );
  });
});

describe('pools with much padding or sizes rounded up', () => {
  const cases: [size: number, stride: number, pad: number, rounding: 'floor' | 'ceil' | 'round' | undefined][] = [
    [1, 1, 1, undefined],
    [1, 2, 1, undefined],
    [2, 2, 2, undefined],
    [2, 1, 3, undefined],
    [3, 2, 1, 'ceil'],
    [2, 3, 0, 'ceil'],
    [3, 2, 0, 'round'],
    [3, 2, 3, 'ceil'],
    [2, 2, 0, 'ceil'],
  ];
  for (const pool of ['maxPool', 'avgPool'] as const)
    it.each(cases)(`${pool} of %d, stride %d, pad %d, rounded %s`, async (size, stride, pad, rounding) => {
      await expectSameAsCpu(() =>
        withGradients((x) => tf[pool](x as tf.Tensor4D, size, stride, pad, rounding), [images([2, 5, 6, 3])]),
      );
    });
});

it('max pools whose last window is completed by padding have gradients', async () => {
  await expectSameAsCpu(() => [
    ...withGradients((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'same'), [images([2, 5, 7, 3])]),
    ...withGradients((x) => tf.maxPool(x as tf.Tensor4D, [3, 1], 3, 'same'), [images([1, 2, 8, 2])]),
  ]);
});

describe('resizing', () => {
  const sizes: [Four, [number, number]][] = [
    [
      [2, 4, 5, 3],
      [8, 10],
    ],
    [
      [2, 8, 9, 3],
      [3, 4],
    ],
    [
      [1, 7, 7, 2],
      [7, 3],
    ],
    [
      [1, 1, 3, 2],
      [4, 1],
    ],
    [
      [1, 5, 5, 1],
      [1, 1],
    ],
    [
      [1, 28, 28, 1],
      [31, 31],
    ],
  ];
  for (const name of ['resizeBilinear', 'resizeNearestNeighbor'] as const)
    for (const [corners, centers] of [
      [false, false],
      [true, false],
      [false, true],
    ] as const)
      it.each(sizes)(`${name}, corners ${corners}, centers ${centers}: %j to %j`, async (shape, size) => {
        const resize = (x: tf.Tensor): tf.Tensor => tf.image[name](x as tf.Tensor4D, size, corners, centers);
        // The cpu backend's gradients are wrong for other shapes: rows and columns change places, batches get mixed.
        const isRightThere = shape[0] === 1 && shape[1] === shape[2];
        await expectSameAsCpu(() => {
          const x = images(shape);
          return isRightThere ? withGradients(resize, [x]) : [resize(x)];
        });
      });

  it.each(['resizeBilinear', 'resizeNearestNeighbor'] as const)('%s has the adjoint as its gradient', async (name) => {
    await tf.setBackend('onnxruntime');
    const resize = (x: tf.Tensor): tf.Tensor => tf.image[name](x as tf.Tensor4D, [7, 6], true);
    const [x, dy] = [images([3, 4, 9, 2]), images([3, 7, 6, 2], 5)];
    const dx = tf.grad((at) => tf.sum(tf.mul(resize(at), dy)))(x);
    const [one, other] = [tf.sum(tf.mul(resize(x), dy)), tf.sum(tf.mul(x, dx))];
    expect((await other.data())[0]).toBeCloseTo((await one.data())[0]!, 4);
  });

  it('keeps integers, NaN and infinities', async () => {
    await expectSameAsCpu(() => {
      const x = tf.tensor4d([1, NaN, 3, Infinity, 5, -Infinity, 7, 8, 9], [1, 3, 3, 1]);
      const whole = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1], 'int32');
      return [
        tf.image.resizeNearestNeighbor(x, [5, 6]),
        tf.image.resizeNearestNeighbor(whole, [5, 2]),
        tf.image.resizeBilinear(whole, [5, 2]),
      ];
    });
  });
});

describe('sorting', () => {
  it.each([1, 3, 7, 300])('takes the k = %d largest, the first of equals first', async (k) => {
    await expectSameAsCpu(() => {
      const x = tf.round(tf.mul(normal([4, 3, 300]), 5));
      const { values, indices } = tf.topk(x, k);
      const whole = tf.topk(tf.cast(x, 'int32'), k);
      return [values, indices, whole.values, whole.indices];
    });
  });

  it('ranks infinities, booleans, equal numbers, and rows of one', async () => {
    await expectSameAsCpu(() =>
      [
        tf.tensor1d([1, -Infinity, Infinity, 0, Infinity]),
        tf.tensor1d([1, 0, 1, 1, 0], 'bool'),
        tf.ones([2, 5]),
        tf.tensor2d([[5], [6]]),
      ].flatMap((x) => {
        const { values, indices } = tf.topk(x, x.shape[x.rank - 1]!);
        return [values, indices];
      }),
    );
  });

  it('puts NaN behind every number', async () => {
    await tf.setBackend('onnxruntime');
    const { values, indices } = tf.topk(tf.tensor1d([NaN, 1, 3, NaN, 2]), 4);
    expect([...(await values.data())]).toEqual([3, 2, 1, NaN]);
    expect([...(await indices.data())]).toEqual([2, 4, 1, 0]);
  });

  it.each([0, 1, 2])('adds up along axis %d', async (axis) => {
    await expectSameAsCpu(() => {
      const x = normal([3, 4, 5]);
      return [false, true].flatMap((exclusive) =>
        [false, true].flatMap((reverse) => [
          tf.cumsum(x, axis, exclusive, reverse),
          tf.cumsum(tf.cast(tf.mul(x, 10), 'int32'), axis, exclusive, reverse),
          tf.cumsum(tf.greater(x, 0), axis, exclusive, reverse),
        ]),
      );
    });
  });

  it('adds up infinities, NaN and one number', async () => {
    await expectSameAsCpu(() => [
      tf.cumsum(tf.tensor1d([1, Infinity, -Infinity, 2, NaN, 3]), 0, true, false),
      tf.cumsum(tf.tensor1d([1, Infinity, 2]), 0, false, true),
      tf.cumsum(tf.tensor1d([4]), 0),
      tf.cumsum(tf.ones([3, 0]), 0),
    ]);
  });
});

describe('gathering and scattering', () => {
  const at = (values: number[], shape: number[]): tf.Tensor => tf.tensor(values, shape, 'int32');

  it.each([
    [[5, 4], [3], 0, 0],
    [[5, 4], [2, 2], 1, 0],
    [[2, 5, 4], [2, 3], 1, 1],
    [[2, 3, 5, 4], [2, 3], 2, 1],
    [[2, 3, 5], [2, 3, 2], 2, 2],
    [[1, 5, 4], [1, 3], 1, 1],
    [[1, 1, 4], [1, 1, 2], 2, -1],
  ] as const)('gathers %j at %j along axis %d, batch axes %d', async (shape, indexShape, axis, batchDims) => {
    await expectSameAsCpu(() => {
      const x = normal([...shape]);
      const count = tf.util.sizeFromShape([...indexShape]);
      const indices = at(
        Array.from({ length: count }, (_, index) => (index * 7) % shape[axis]!),
        [...indexShape],
      ) as tf.Tensor1D;
      return [
        tf.gather(x, indices, axis, batchDims),
        tf.gather(tf.cast(x, 'int32'), indices, axis, batchDims),
        tf.gather(tf.greater(x, 0), indices, axis, batchDims),
      ];
    });
  });

  it('gathers at computed indices, with gradients', async () => {
    await expectSameAsCpu(() => {
      const x = normal([6, 5]);
      const indices = tf.cast(tf.argMax(normal([4, 6], 3), 1), 'int32') as tf.Tensor1D;
      return withGradients((values) => tf.gather(values, indices), [x]);
    });
  });

  it('gathers with a gradient along the last axis', async () => {
    await expectSameAsCpu(() =>
      withGradients((values) => tf.gather(values, at([0, 4, 4], [3]) as tf.Tensor1D, 1), [normal([6, 5])]),
    );
  });

  it('refuses indices outside, as far as they are known', async () => {
    await tf.setBackend('onnxruntime');
    expect(() => tf.gather(tf.ones([3]), at([0, 3], [2]) as tf.Tensor1D)).toThrow(
      'GatherV2: the index value 3 is not in [0, 2]',
    );
    expect(() => tf.gatherND(normal([3, 2]), at([0, 0, 3, 0], [2, 2]))).toThrow(
      'Invalid indices: 3,0 does not index into 3,2',
    );
    expect(() => tf.scatterND(at([4], [1, 1]), tf.ones([1]), [4])).toThrow('Invalid indices: 4 does not index into 4');
  });

  it('gathers points and slices', async () => {
    await expectSameAsCpu(() => {
      const x = normal([3, 4, 5]);
      return [
        tf.gatherND(x, at([2, 3, 4, 0, 0, 0], [2, 3])),
        tf.gatherND(x, at([2, 3, 0, 0], [2, 2])),
        tf.gatherND(x, at([2], [1])),
        tf.gatherND(tf.cast(x, 'int32'), at([2, 1], [2, 1])),
        tf.gatherND(tf.greater(x, 0), at([2, 1, 0, 1], [2, 2])),
      ];
    });
  });

  it('adds up what is scattered to one place', async () => {
    await expectSameAsCpu(() => [
      tf.scatterND(at([4, 3, 1, 4], [4, 1]), tf.tensor1d([9, 10, 11, 12]), [8]),
      tf.scatterND(at([0, 1, 1, 0, 0, 1], [3, 2]), normal([3, 4]), [2, 2, 4]),
      tf.scatterND(at([2, 0, 2], [3, 1]), normal([3, 2, 3]), [4, 2, 3]),
      tf.scatterND(at([1, 1], [2, 1]), tf.tensor1d([2147483647, -5], 'int32'), [3]),
      tf.scatterND(at([1, 1], [2, 1]), tf.tensor1d([Infinity, NaN]), [3]),
      tf.scatterND(at([1, 0], [2, 1]), normal([2, 3]), [2, 3]),
      tf.unsortedSegmentSum(normal([5, 3]), at([0, 2, -1, 2, 7], [5]) as tf.Tensor1D, 3),
    ]);
  });
});

describe('mirrors, blocks and neighbouring channels', () => {
  it.each(['reflect', 'symmetric'] as const)('%s padding', async (mode) => {
    await expectSameAsCpu(() =>
      [
        normal([4, 5]),
        tf.cast(tf.mul(normal([4, 5]), 9), 'int32'),
        tf.greater(normal([4, 5]), 0),
        tf.tensor2d([NaN, 1, Infinity, -Infinity, 2, 3], [2, 3]),
      ].map((x) =>
        tf.mirrorPad(
          x,
          [
            [1, 1],
            [2, 0],
          ],
          mode,
        ),
      ),
    );
  });

  it('moves blocks between batch and space, and depth to space', async () => {
    await expectSameAsCpu(() => [
      ...withGradients(
        (x) =>
          tf.spaceToBatchND(
            x,
            [2, 2],
            [
              [1, 1],
              [0, 2],
            ],
          ),
        [normal([2, 4, 6, 3])],
      ),
      ...withGradients(
        (x) =>
          tf.batchToSpaceND(
            x,
            [2, 2],
            [
              [0, 1],
              [1, 0],
            ],
          ),
        [normal([8, 2, 3, 3])],
      ),
      tf.batchToSpaceND(tf.cast(normal([4, 2]), 'int32'), [2], [[0, 1]]),
      tf.depthToSpace(images([2, 2, 3, 12]), 2, 'NHWC'),
    ]);
  });

  it.each([
    [2, 1, 1, 0.5],
    [0, 1, 0.5, 0.75],
    [9, 2, 0.1, 0.5],
  ])('local response normalization with radius %d', async (radius, bias, alpha, beta) => {
    await expectSameAsCpu(
      () =>
        withGradients(
          (x) => tf.localResponseNormalization(x as tf.Tensor4D, radius, bias, alpha, beta),
          [images([2, 3, 3, 7])],
        ),
      { tolerance: 1e-5 },
    );
  });

  it('leaves NaN among its neighbours', async () => {
    await expectSameAsCpu(() => [tf.localResponseNormalization(tf.tensor4d([1, NaN, 2, 3, 4, 5], [1, 1, 1, 6]), 1)]);
  });
});

describe('extremes', () => {
  it('argMax and argMin treat NaN as the cpu backend does', async () => {
    await expectSameAsCpu(() =>
      [
        tf.tensor1d([NaN, 1, 3, 2]),
        tf.tensor1d([1, NaN, 3, 2]),
        tf.tensor1d([-Infinity, NaN, -Infinity]),
        tf.tensor1d([NaN, NaN]),
        tf.tensor2d([NaN, 1, 2, NaN, 0, 5], [2, 3]),
        tf.tensor1d([1, 0, 1], 'bool'),
      ].flatMap((x) => [tf.argMax(x, -1), tf.argMin(x, -1), tf.argMax(x, 0)]),
    );
  });

  it('pools keep infinities, averages keep NaN', async () => {
    await expectSameAsCpu(() => {
      const x = tf.tensor4d([1, NaN, 3, Infinity, 2, 4, 7, -Infinity, 5, 6, 2, 1, 0, -1, -2, -3], [1, 4, 4, 1]);
      const y = tf.tensor4d([1, 3, Infinity, -Infinity, -1, 2, 5, 0, 4], [1, 3, 3, 1]);
      return [tf.avgPool(x, 2, 2, 'valid'), tf.maxPool(y, 2, 1, 'valid'), tf.maxPool(y, 3, 1, 'same')];
    });
  });

  it('prelu of integers is float', async () => {
    await expectSameAsCpu(() => [tf.prelu(tf.tensor1d([-2, 0, 3], 'int32'), tf.tensor1d([0.3]))]);
  });
});

it('convolutions rounded up to one window have gradients without any', async () => {
  await expectSameAsCpu(() =>
    withGradients(
      (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, 0, 'NHWC', 1, 'ceil'),
      [images([1, 2, 1, 2]), normal([2, 3, 2, 3], 2)],
    ),
  );
});

it.each([
  [1, 1, 1, 4],
  [1, 1, 4],
  [1, 2],
])('batch normalization of one pixel [%d, %d, ...] has gradients', async (...shape) => {
  await expectSameAsCpu(() => {
    const channels = [shape[shape.length - 1]!];
    const [mean, offset, scale] = [2, 3, 4].map((seed) => normal(channels, seed)) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const norm = (x: tf.Tensor, variance: tf.Tensor): tf.Tensor =>
      tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, offset as tf.Tensor1D, scale as tf.Tensor1D);
    return withGradients((x, variance) => norm(norm(x, variance), variance), [normal(shape), tf.ones(channels)]);
  });
});
