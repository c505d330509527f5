import type { Classifier, Random } from '@advrob/core';
import { layerPass, type LayerNode } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { beforeActivations, type BoundedPass } from './layers.js';

/**
 * Draws weights from which bounds do not explode: N(0, 2 pi / fan-in^2) for every layer but the last,
 * half of that where a layer reads a sum of branches (Shi et al. 2021,
 * https://arxiv.org/abs/2103.17268, section 3.2.1). Layers whose weights are used as they stand in
 * the model are drawn; what is changed on the way, such as the filter of each channel by itself,
 * stays as it is.
 */
export function drawForBounds(model: Classifier, x: Tensor, rng: Random): void {
  tf.tidy(() =>
    layerPass(model, x, undefined, ({ nodes }) => {
      const variables = new Map(
        Object.entries(model.weights).map(([name, variable]): [object, [string, Variable]] => [
          variable.dataId,
          [name, variable],
        ]),
      );
      const layers = nodes.filter(isLayer);
      for (const layer of layers.slice(0, -1)) {
        const weights: Tensor = layer.op === 'dense' ? layer.kernel : layer.filter;
        const found = variables.get(weights.dataId);
        if (!found) continue;
        const [name, variable] = found;
        const fanIn = weights.size / weights.shape.at(-1)!;
        const scale = (Math.sqrt(2 * Math.PI) / fanIn) * (readsSum(nodes, layer) ? 0.5 : 1);
        variable.assign(tf.mul(rng.normal(`bounds/${name}`, variable.shape), scale));
      }
    }),
  );
}

type Layer = LayerNode & { readonly op: 'dense' | 'conv2d' };

function isLayer(node: LayerNode): node is Layer {
  return node.op === 'dense' || node.op === 'conv2d';
}

/** Whether what a layer reads is a sum of branches, perhaps normalised or bent since. */
function readsSum(nodes: readonly LayerNode[], { inputs }: LayerNode): boolean {
  const source = nodes[inputs[0]!]!;
  if (source.op === 'add') return true;
  return (source.op === 'affine' || source.op === 'activation') && readsSum(nodes, source);
}

/** Below this share of the ideal a term of {@link explosion} begins. */
const tolerance = 0.5;
const least = 1e-12;

/**
 * How far intervals before activations have grown beyond those of the input, and how unequally
 * neurons are on and off (Shi et al. 2021, section 3.2.2, equations 8 and 10): the mean over layers of
 * relu(t - r_0 / r) / t + relu(t - balance of means) / t + relu(t - balance of variances) / t, t = 0.5,
 * r the mean radius. A balance is a ratio or its inverse, the one below 1.
 *
 * @returns []
 */
export function explosion(pass: BoundedPass): Tensor {
  const box = pass.intervals[0]!;
  const first = tf.mul(tf.mean(tf.sub(box.high, box.low)), 0.5);
  const below = (share: Tensor): Tensor => tf.div(tf.relu(tf.sub(tolerance, share)), tolerance);
  const terms = beforeActivations(pass).map(({ low, high }) => {
    const center = tf.mul(tf.add(low, high), 0.5);
    const radius = tf.mean(tf.mul(tf.sub(high, low), 0.5));
    const tightness = below(tf.div(first, tf.maximum(radius, least)));
    const [on, off] = [tf.greater(low, 0), tf.less(high, 0)].map((mask) => tf.cast(mask, 'float32')) as [
      Tensor,
      Tensor,
    ];
    const spread = tf.square(tf.sub(center, tf.mean(center)));
    const means = balance(tf.mean(tf.mul(center, on)), tf.neg(tf.mean(tf.mul(center, off))));
    const variances = balance(tf.mean(tf.mul(spread, on)), tf.mean(tf.mul(spread, off)));
    // A layer without neurons of one kind has no ratio, and nothing that a gradient could balance.
    const both = tf.cast(tf.logicalAnd(tf.any(tf.greater(low, 0)), tf.any(tf.less(high, 0))), 'float32');
    return tf.add(tightness, tf.mul(both, tf.add(below(means), below(variances))));
  });
  if (terms.length === 0) return tf.scalar(0);
  return tf.div(tf.addN(terms), terms.length);
}

function balance(a: Tensor, b: Tensor): Tensor {
  const [p, q] = [tf.maximum(a, least), tf.maximum(b, least)];
  return tf.minimum(tf.div(p, q), tf.div(q, p));
}
