import { fromFunction } from '@advrob/models';
import { layerGraph, type LayerGraph } from '@advrob/models/layer-graph';
import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/** One dense layer: rows of W [outputs][inputs], and b. */
export interface DenseLayer {
  readonly w: readonly (readonly number[])[];
  readonly b: readonly number[];
}

/** The three nets of dense layers with known bounds; computed in float64 by other programs. */
export const goldenNets: readonly { readonly x: readonly number[]; readonly layers: readonly DenseLayer[] }[] = [
  {
    x: [0.5, 0.5],
    layers: [
      {
        w: [
          [0.1, 0.2],
          [1.8, 1],
          [-1, 1.2],
        ],
        b: [-0.4, -0.5, 0],
      },
      {
        w: [
          [1.3, 0.7, 0.7],
          [-0.8, 0.9, -1.5],
          [0.5, 1.7, 1.9],
        ],
        b: [-0.3, -0.2, 0.5],
      },
      {
        w: [
          [-0.8, -0.7, 0.5],
          [-0.4, 0.9, -1.2],
        ],
        b: [0, 0],
      },
    ],
  },
  {
    x: [0.5, 0.5],
    layers: [
      {
        w: [
          [0.5, -1.1],
          [-1.3, 1.1],
          [0.3, -0.5],
        ],
        b: [-0.2, 0.1, -0.4],
      },
      {
        w: [
          [-1.9, -1.1, 1.2],
          [-0.1, 1.9, 1.6],
          [1.5, -2, -1.8],
        ],
        b: [0.3, -0.2, -0.2],
      },
      {
        w: [
          [0.3, -0.7, 1.4],
          [-0.7, -1.4, -1.6],
        ],
        b: [0, 0],
      },
    ],
  },
  {
    x: [0.5, 0.4],
    layers: [
      {
        w: [
          [1, -1],
          [2, 1],
          [-1, 0.5],
        ],
        b: [0, 0.1, 0.2],
      },
      {
        w: [
          [1, -2, 1],
          [-1, 1, 2],
        ],
        b: [0.3, -0.2],
      },
      {
        w: [
          [1, -1],
          [-0.5, 1.5],
        ],
        b: [0, 0.1],
      },
    ],
  },
];

/** Dense layers with an activation between them, as a classifier. */
export function denseNet(
  layers: readonly DenseLayer[],
  {
    bounds = [0, 1],
    activate = tf.relu,
  }: { bounds?: readonly [number, number]; activate?: (x: tf.Tensor) => tf.Tensor } = {},
): Promise<Classifier> {
  const weights = layers.map(({ w, b }) => [tf.transpose(tf.tensor2d(w as number[][])), tf.tensor1d([...b])] as const);
  return fromFunction(
    (x) =>
      weights.reduce<tf.Tensor>(
        (z, [w, b], i) => tf.add(tf.matMul((i === 0 ? z : activate(z)) as tf.Tensor2D, w), b),
        x,
      ),
    { inputShape: [layers[0]!.w[0]!.length], bounds, outputs: 'logits' },
  );
}

export async function denseGraph(...args: Parameters<typeof denseNet>): Promise<LayerGraph> {
  return layerGraph(await denseNet(...args));
}

/** Numbers in (-1, 1), the same for a seed. */
export function random(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) % 2147483647 || 1;
  for (let i = 0; i < 3; i++) state = (state * 48271) % 2147483647;
  return () => ((state = (state * 48271) % 2147483647) / 2147483647) * 2 - 1;
}
