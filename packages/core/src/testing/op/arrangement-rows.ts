import * as tf from '@tensorflow/tfjs-core';
import { modes, type OpRow } from './row.js';

const image = [[1, 4, 3, 2]];

export const arrangementRows: readonly OpRow[] = [
  ...modes('BroadcastTo', { 'new and old axes': [[[3, 1]], (x) => tf.broadcastTo(x, [2, 3, 4])] }),
  ...modes('Concat', {
    'first axis': [
      [
        [2, 3],
        [1, 3],
      ],
      (...all) => tf.concat(all, 0),
    ],
    'last axis': [
      [
        [2, 3],
        [2, 2],
      ],
      (...all) => tf.concat(all, -1),
    ],
  }),
  ...modes('ExpandDims', { last: [[[2, 3]], (x) => tf.expandDims(x, -1)] }),
  ...modes('Pack', {
    'last axis': [
      [
        [2, 3],
        [2, 3],
      ],
      (...all) => tf.stack(all, -1),
    ],
  }),
  ...modes('PadV2', {
    'a constant': [
      [[2, 3]],
      (x) =>
        tf.pad(
          x,
          [
            [1, 0],
            [2, 1],
          ],
          0.5,
        ),
    ],
  }),
  ...modes('MirrorPad', {
    reflect: [
      image,
      (x) =>
        tf.mirrorPad(
          x,
          [
            [0, 0],
            [2, 1],
            [1, 2],
            [0, 0],
          ],
          'reflect',
        ),
    ],
    symmetric: [
      image,
      (x) =>
        tf.mirrorPad(
          x,
          [
            [0, 0],
            [2, 1],
            [3, 2],
            [0, 0],
          ],
          'symmetric',
        ),
    ],
    'reflect, one axis': [[[5]], (x) => tf.mirrorPad(x, [[4, 3]], 'reflect')],
  }),
  ...modes('Reshape', { 'a matrix': [[[2, 6]], (x) => tf.reshape(x, [3, 4])] }),
  ...modes('Reverse', {
    'one axis': [[[2, 3]], (x) => tf.reverse(x, 1)],
    'two axes': [[[2, 3, 2]], (x) => tf.reverse(x, [0, -1])],
  }),
  ...modes('Slice', { inside: [[[3, 4]], (x) => tf.slice(x, [1, 0], [2, 3])] }),
  ...modes('StridedSlice', {
    'every second': [[[5, 4]], (x) => tf.stridedSlice(x, [0, 1], [5, 4], [2, 2])],
    backwards: [[[5, 4]], (x) => tf.stridedSlice(x, [4, 3], [0, 0], [-2, -1])],
    'open ends': [[[5, 4]], (x) => tf.stridedSlice(x, [1, 0], [2, 0], [1, 3], 2, 3)],
    'a row': [[[3, 4]], (x) => tf.stridedSlice(x, [1, 0], [2, 4], [1, 1], 0, 0, 0, 0, 1)],
    'a new axis': [[[3, 4]], (x) => tf.stridedSlice(x, [0, 1], [1, 3], [1, 1], 0, 0, 0, 1)],
    'backwards, all': [[[5]], (x) => tf.stridedSlice(x, [0], [0], [-1], 1, 1)],
  }),
  ...modes('SplitV', {
    'first axis': [[[4, 2]], (x) => tf.mul(tf.split(x, 2, 0)[0]!, tf.split(x, 2, 0)[1]!)],
    'sizes, one unused': [[[2, 4]], (x) => tf.square(tf.split(x, [1, 3], -1)[1]!)],
    'into one': [[[2, 4]], (x) => tf.square(tf.split(x, 1, 1)[0]!)],
  }),
  ...modes('Tile', {
    'rank 1': [[[3]], (x) => tf.tile(x, [2])],
    'rank 3': [[[2, 1, 2]], (x) => tf.tile(x, [2, 3, 1])],
    'rank 5': [[[1, 2, 1, 2, 1]], (x) => tf.tile(x, [2, 1, 3, 2, 1])],
  }),
  ...modes('Transpose', { 'a cycle': [[[2, 3, 2]], (x) => tf.transpose(x, [2, 0, 1])] }),
  ...modes('Unpack', {
    'last axis': [[[2, 3]], (x) => tf.mul(tf.unstack(x, -1)[0]!, tf.unstack(x, -1)[2]!)],
    'into one': [[[2, 1]], (x) => tf.square(tf.unstack(x, 1)[0]!)],
  }),
  ...modes('BatchToSpaceND', {
    crops: [
      [[4, 2, 2, 1]],
      (x) =>
        tf.batchToSpaceND(
          x,
          [2, 2],
          [
            [0, 1],
            [1, 0],
          ],
        ),
    ],
  }),
  ...modes('SpaceToBatchND', {
    padding: [
      [[1, 3, 3, 1]],
      (x) =>
        tf.spaceToBatchND(
          x,
          [2, 2],
          [
            [0, 1],
            [1, 0],
          ],
        ),
    ],
  }),
  ...modes('DepthToSpace', { 'blocks of 2': [[[1, 2, 3, 8]], (x) => tf.depthToSpace(x, 2)] }),
  ...modes('FlipLeftRight', { images: [image, (x) => tf.image.flipLeftRight(x)] }),
  ...modes('OneHot', { constant: [[[3, 3]], (x) => tf.mul(x, tf.oneHot(tf.tensor1d([2, 0, 1], 'int32'), 3))] }),
  ...modes('GatherV2', {
    'rows, one twice': [[[3, 2]], (x) => tf.gather(x, tf.tensor1d([2, 0, 2], 'int32'))],
    columns: [[[2, 4]], (x) => tf.gather(x, tf.tensor1d([1, 1, 3], 'int32'), 1)],
    'columns by a matrix': [
      [[2, 4]],
      (x) =>
        tf.gather(
          x,
          tf.tensor2d(
            [
              [1, 3],
              [0, 1],
            ],
            [2, 2],
            'int32',
          ),
          -1,
        ),
    ],
    'row by row': [
      [[2, 4]],
      (x) =>
        tf.gather(
          x,
          tf.tensor2d(
            [
              [1, 3],
              [0, 0],
            ],
            [2, 2],
            'int32',
          ),
          1,
          1,
        ),
    ],
    'row by row, a later axis': [
      [[2, 2, 3]],
      (x) =>
        tf.gather(
          x,
          tf.tensor2d(
            [
              [1, 2],
              [0, 2],
            ],
            [2, 2],
            'int32',
          ),
          2,
          1,
        ),
    ],
    'two axes of batches': [
      [[2, 1, 3]],
      (x) => tf.gather(x, tf.tensor3d([[[1, 2]], [[0, 0]]], [2, 1, 2], 'int32'), 2, 2),
    ],
    'places that depend on the input': [[[6]], (x) => tf.square(tf.gather(x, tf.topk(x, 3).indices))],
  }),
  ...modes('GatherNd', {
    rows: [[[3, 2]], (x) => tf.gatherND(x, tf.tensor2d([[2], [0], [2]], [3, 1], 'int32'))],
    values: [
      [[3, 2]],
      (x) =>
        tf.gatherND(
          x,
          tf.tensor2d(
            [
              [2, 1],
              [0, 0],
            ],
            [2, 2],
            'int32',
          ),
        ),
    ],
  }),
  ...modes('ScatterNd', {
    rows: [[[2, 3]], (x) => tf.scatterND(tf.tensor2d([[3], [1]], [2, 1], 'int32'), x, [4, 3])],
  }),
  ...modes('TopK', {
    'two of four': [[[3, 4]], (x) => tf.square(tf.topk(x, 2).values)],
    'one of one': [[[3, 1]], (x) => tf.square(tf.topk(x, 1).values)],
  }),
];
