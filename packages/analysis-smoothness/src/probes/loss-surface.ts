import { AdvrobError, stopIfAborted } from '@advrob/core';
import type { Classifier, Random } from '@advrob/core';
import { filterNormalized } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { attacked } from './examples.js';
import type { Adversary, ProbeExamples } from './examples.js';
import { meanLoss } from './loss-gradient.js';
import { atWeights, mapWeights } from './weight-vector.js';
import type { WeightVector } from './weight-vector.js';

export interface SurfaceOptions {
  /** Left out: the clean loss. */
  readonly adversary?: Adversary | undefined;
  /**
   * `frozen`: examples attacked once, at the centre. `on-the-fly`: attacked anew at every point, as
   * AWP draws it.
   */
  readonly examplesAre: 'frozen' | 'on-the-fly';
  /** 1: a curve along d1. 2: a surface over d1 and d2. */
  readonly axes: 1 | 2;
  /** Points along each axis, an odd number, so that the centre is among them. */
  readonly points: number;
  /** Half the extent: t runs from -reach to reach, in lengths of each filter. Default 1. */
  readonly reach?: number;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
}

/** The loss at theta + a d1 + b d2. */
export type SurfacePoint = { readonly a: number; readonly b: number; readonly loss: number };

/**
 * F1 and K5: the (adversarial) loss along one or two random directions in the weights, normalised
 * filter by filter (Li et al. 2018, https://arxiv.org/abs/1712.09913, section 4; biases and batch
 * norm stay). In `eval` mode; the weights come back as they were.
 *
 * @throws AdvrobError `ADVROB_OPTION` for an even number of points or a reach that is not above
 *   0, `ADVROB_ABORTED`.
 */
export async function lossSurface(
  model: Classifier,
  examples: ProbeExamples,
  options: SurfaceOptions,
): Promise<SurfacePoint[]> {
  const { adversary, examplesAre, axes, points, reach = 1, random, signal } = options;
  if (!(Number.isInteger(points) && points > 0 && points % 2 === 1 && reach > 0))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `lossSurface: expected an odd number of points and a reach above 0, got ${points} and ${reach}`,
    );
  const places = Array.from({ length: points }, (_, i) =>
    points === 1 ? 0 : (reach * (2 * i - points + 1)) / (points - 1),
  );
  const directions = Array.from({ length: axes }, (_, axis) => direction(model, random, axis));
  const frozen = examplesAre === 'frozen' ? await attacked(model, examples, adversary) : undefined;
  const here = async (): Promise<number> => {
    if (frozen) return meanLoss(model, examples, frozen);
    const inputs = await attacked(model, examples, adversary);
    return meanLoss(model, examples, inputs).finally(() => tf.dispose(inputs));
  };
  const surface: SurfacePoint[] = [];
  try {
    for (const a of places)
      for (const b of axes === 1 ? [0] : places) {
        stopIfAborted(signal);
        const change = (name: string): Tensor | undefined => {
          const parts = directions.map((each, axis) => tf.mul(each[name]!, axis === 0 ? a : b));
          return tf.addN(parts);
        };
        surface.push({ a, b, loss: await atWeights(model, change, here) });
      }
    return surface;
  } finally {
    tf.dispose([...directions, ...(frozen ?? [])]);
  }
}

function direction(model: Classifier, random: Random, axis: number): WeightVector {
  return mapWeights(
    model.weights as unknown as WeightVector,
    (weight, name) =>
      filterNormalized(weight, 1, (shape) => random.normal(`surface/${axis}/${name}`, shape)) ?? tf.zerosLike(weight),
  );
}
