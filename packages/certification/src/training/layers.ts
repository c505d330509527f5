import { AdvrobError, type Classifier, type ForwardOptions, type ThreatModel } from '@advrob/core';
import { layerGraph, layerPass, type LayerNode, type LayerPass } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { intervalOf, type Interval } from '../bounds/interval.js';

/** A forward pass with the interval of every layer, all with gradients of the weights. */
export interface BoundedPass extends LayerPass {
  readonly intervals: readonly Interval[];
}

/** Inputs [n, ...inputShape] in a box. */
export interface Box {
  readonly low: Tensor;
  readonly high: Tensor;
}

/**
 * A forward pass of x, and intervals of all layers over a box around it (Gowal et al. 2018,
 * https://arxiv.org/abs/1810.12715): one pass more for centers, and one for radii. Rounding is not
 * covered, which training does not need. Call it inside of `tf.tidy`.
 *
 * @param body Computes with the layers, whose weights are freed after it.
 */
export function boundedPass<T>(
  model: Classifier,
  x: Tensor,
  box: Box,
  how: ForwardOptions | undefined,
  body: (pass: BoundedPass) => T,
): T {
  return layerPass(model, x, how, ({ logits, nodes }) => {
    const intervals: Interval[] = [];
    for (const node of nodes)
      intervals.push(
        node.op === 'input'
          ? box
          : intervalOf(
              node,
              node.inputs.map((id) => intervals[id]!),
              false,
            ),
      );
    return body({ logits, nodes, intervals });
  });
}

/** The points within `radius` [] of a center, of all those within the bounds of inputs. */
export function boxAround(center: Tensor, radius: Tensor, [low, high]: readonly [number, number]): Box {
  return {
    low: tf.maximum(tf.sub(center, radius), low),
    high: tf.minimum(tf.add(center, radius), high),
  };
}

/**
 * Lower bounds [n, classes] of the margins z_y - z_k, 0 for y itself, from intervals: the last layer
 * is merged with the difference, so that what both logits share cancels.
 */
export function intervalMargins({ nodes, intervals }: BoundedPass, y: Tensor): Tensor {
  const last = nodes.at(-1)!;
  const classes = last.shape[0]!;
  const own = tf.oneHot(tf.cast(y, 'int32') as tf.Tensor1D, classes);
  if (last.op !== 'dense') {
    const { low, high } = intervals.at(-1)!;
    const least = tf.sum(tf.mul(low, own), 1, true);
    return tf.mul(tf.sub(least, high), tf.sub(1, own));
  }
  const { low, high } = intervals[last.inputs[0]!]!;
  const weights = tf.transpose(last.kernel);
  const difference = tf.sub(tf.expandDims(tf.matMul(tf.cast(own, 'float32') as tf.Tensor2D, weights), 1), weights);
  const ends = (value: Tensor): Tensor => tf.expandDims(tf.mul(value, 0.5), 2);
  const center = tf.matMul(difference, ends(tf.add(low, high)));
  const radius = tf.matMul(tf.abs(difference), ends(tf.sub(high, low)));
  return tf.add(tf.squeeze(tf.sub(center, radius), [2]), biasMargins(last.bias, own));
}

/** b_y - b_k [n, classes] of the last layer. */
export function biasMargins(bias: Tensor | undefined, own: Tensor): Tensor {
  if (!bias) return tf.zeros(own.shape);
  return tf.sub(tf.sum(tf.mul(own, bias), 1, true), bias);
}

/**
 * Mean cross-entropy of the worst logits that bounds of the margins allow [n, classes], and the
 * share of examples whose margins are all above 0.
 */
export function robustTerms(margins: Tensor, y: Tensor): { readonly robust: Tensor; readonly certified: Tensor } {
  const own = tf.oneHot(tf.cast(y, 'int32') as tf.Tensor1D, margins.shape[1]!);
  const least = tf.min(tf.where(tf.cast(own, 'bool'), tf.onesLike(margins), margins), 1);
  return {
    robust: tf.mean(tf.logSumExp(tf.neg(margins), 1)),
    certified: tf.mean(tf.cast(tf.greater(least, 0), 'float32')),
  };
}

/** Whether a model has bounds at all, asked once, before anything is trained. */
export function layersChecked(objective: string): (model: Classifier, threat: ThreatModel) => Promise<void> {
  const known = new WeakSet<Classifier>();
  return async (model, { norm }) => {
    if (norm !== 'linf')
      throw new AdvrobError('ADVROB_NORM', `objective '${objective}' trains for balls of linf, not of ${norm}`);
    if (known.has(model)) return;
    (await layerGraph(model)).dispose();
    known.add(model);
  };
}

/** The interval that goes into each activation. */
export function beforeActivations({ nodes, intervals }: BoundedPass): Interval[] {
  const before = nodes.filter((node): node is LayerNode & { op: 'activation' } => node.op === 'activation');
  return before.map(({ inputs }) => intervals[inputs[0]!]!);
}
