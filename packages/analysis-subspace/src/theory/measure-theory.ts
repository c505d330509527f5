import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { complementDimension } from '@advrob/datasets';
import type { Subspace } from '@advrob/datasets';
import { flipDistances } from '../measure/flip-distance.js';
import { orthogonalGradient } from '../measure/orthogonal-gradient.js';
import { flipBound, orthogonalGradientBounds } from './bounds.js';
import { activeNeurons, frozenChange, theoryDirection, theoryNetwork } from './theory-network.js';

export interface MeasureTheoryOptions {
  /** First layer w_0 [d, m] before training; stays the caller's. */
  readonly initial: Tensor;
  readonly subspace: Subspace;
  /** Points of P, [n, d]; stay the caller's. */
  readonly x: Tensor;
  /** Standard deviation of the entries of w_0. */
  readonly deviation: number;
  /** What weight decay left of the orthogonal components, {@link shrinkage}. Default 1. */
  readonly factor?: number;
}

/** The theory at one point. */
export type TheoryPoint = {
  /** k(x). */
  readonly active: number;
  /** |N(x)|. */
  readonly lead: number;
  /** ||grad^M N(x)||. */
  readonly gradient: number;
  /** Its bounds by P3, P5, P6. */
  readonly lower: number;
  readonly upper: number;
  /** |N| / ||grad^M N|| (P4). */
  readonly predictedFlip: number;
  /** Largest flip distance that the lower bound allows (P4). */
  readonly flipBound: number;
  /**
   * Distance of the change of sign along the orthogonal gradient; null when there is none up to 20
   * times the farthest predicted.
   */
  readonly flip: number | null;
  /** The same along the universal direction of the point's class. */
  readonly universalFlip: number | null;
};

export type MeasuredTheory = {
  /** Largest entry of |w^M - factor w_0^M| (P1, P6). */
  readonly frozenChange: number;
  readonly points: readonly TheoryPoint[];
};

/**
 * Every statement of the theory at every point (P1 and P3 to P6 of Melamed et al. 2023,
 * https://arxiv.org/abs/2303.00783; the statements are listed in this package's README).
 *
 * @throws AdvrobError `ADVROB_ANALYSIS` for a model that is not the theory's network.
 */
export async function measureTheory(model: Classifier, options: MeasureTheoryOptions): Promise<MeasuredTheory> {
  const { initial, subspace, x, deviation, factor = 1 } = options;
  const network = theoryNetwork(model);
  const own: Tensor[] = [];
  const keep = <T extends Tensor>(tensor: T): T => {
    own.push(tensor);
    return tensor;
  };
  try {
    const found = orthogonalGradient(model, subspace, x);
    Object.values(found).forEach(keep);
    const read = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());
    const [active, leads, gradients] = [
      await read(keep(activeNeurons(network, x))),
      await read(found.lead),
      await read(found.orthogonal),
    ];
    const predicted = leads.map((lead, i) => lead / gradients[i]!);
    const search = { limit: 20 * Math.max(...predicted) };
    const flips = await flipDistances(model, x, found.direction, search);
    const universal = keep(
      tf.tidy(() => {
        const both = ([0, 1] as const).map((label) => theoryDirection(network, subspace, label));
        return tf.gather(tf.concat(both, 0), tf.cast(found.prediction, 'int32'));
      }),
    );
    const universalFlips = await flipDistances(model, x, universal, search);
    return {
      frozenChange: await frozenChange(network.first as unknown as Tensor, initial, subspace, factor),
      points: active.map((k, i) => {
        const bounds = orthogonalGradientBounds({
          active: k,
          width: network.width,
          complement: complementDimension(subspace),
          deviation: deviation * factor,
        });
        return {
          active: k,
          lead: leads[i]!,
          gradient: gradients[i]!,
          lower: bounds.lower,
          upper: bounds.upper,
          predictedFlip: predicted[i]!,
          flipBound: flipBound(leads[i]!, bounds),
          flip: flips.distances[i]!,
          universalFlip: universalFlips.distances[i]!,
        };
      }),
    };
  } finally {
    tf.dispose(own);
  }
}
