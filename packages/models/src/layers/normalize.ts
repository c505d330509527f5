import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';
import type { Parameters } from './parameters.js';

/**
 * What is done to inputs before the network: (x - mean) / std, with one value for all channels or
 * one for each.
 */
export interface Normalization {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/**
 * (x - mean) / std over the last axis, with one value for all channels or one for each. Costs
 * nothing where it would change nothing.
 */
export function normalize(parameters: Parameters, { mean, std }: Normalization): Layer {
  const means = typeof mean === 'number' ? [mean] : mean;
  const deviations = typeof std === 'number' ? [std] : std;
  const center = means.some((value) => value !== 0) ? parameters.constant(means) : undefined;
  const spread = deviations.some((value) => value !== 1) ? parameters.constant(deviations) : undefined;
  return (x) => {
    const centered = center === undefined ? x : tf.sub(x, center);
    return spread === undefined ? centered : tf.div(centered, spread);
  };
}

/**
 * @throws AdvrobError `ADVROB_OPTION` unless there is one number for all channels or one for each of
 *   the last axis of `inputShape`, finite, and no deviation is 0.
 */
export function checkNormalization(who: string, inputShape: readonly number[], { mean, std }: Normalization): void {
  const channels = inputShape.at(-1)!;
  for (const [option, value] of Object.entries({ mean, std })) {
    const values = typeof value === 'number' ? [value] : value;
    if (values.length !== channels && values.length !== 1)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `${who}: ${option}: expected one number or ${channels} (one for each channel of inputShape [${inputShape.join(', ')}]), got ${values.length}`,
      );
    const wrong = values.find((each) => !Number.isFinite(each) || (option === 'std' && each === 0));
    if (wrong !== undefined)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `${who}: ${option}: expected finite numbers${option === 'std' ? ' other than 0' : ''}, got ${wrong}`,
      );
  }
}

/** Models bring bytes to [0, 1] or [-1, 1] by the factors 1/255, 1/256, 1/127.5, 1/128. */
const ofBytes = [255, 256, 127.5, 128];

interface GivenInput {
  readonly bounds: readonly [number, number];
  readonly mean?: Normalization['mean'] | undefined;
  readonly std?: Normalization['std'] | undefined;
}

/**
 * What is given, or nothing; but a multiplication by 255 where a model that begins by dividing
 * bytes gets inputs in [0, 1] and nobody says more.
 *
 * @param factor That the model's first step multiplies by; undefined when it begins otherwise.
 */
export function normalizationOf({ bounds, mean, std }: GivenInput, factor: number | undefined): Normalization {
  const isUnit = bounds[0] === 0 && bounds[1] === 1 && mean === undefined && std === undefined;
  const expectsBytes = factor !== undefined && ofBytes.some((most) => Math.abs(factor * most - 1) < 1e-3);
  return isUnit && expectsBytes ? { mean: 0, std: 1 / 255 } : { mean: mean ?? 0, std: std ?? 1 };
}
