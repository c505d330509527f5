import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';
import type { Parameters } from './parameters.js';

/** What is done to inputs before the network: (x - mean) / std, with one value for all channels or one for each. */
export interface Normalization {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/** (x - mean) / std over the last axis, with one value for all channels or one for each. Costs nothing where it would change nothing. */
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

/** Factors by which models bring bytes to [0, 1] or [-1, 1]: 1/255, 1/256, 1/127.5, 1/128. */
const ofBytes = [255, 256, 127.5, 128];

/** Whether a model whose first step multiplies by `factor` expects bytes, values from 0 to 255. */
export function expectsBytes(factor: number): boolean {
  return ofBytes.some((most) => Math.abs(factor * most - 1) < 1e-3);
}

/** Where a model that expects bytes gets inputs in [0, 1], they are multiplied by 255 first. */
export const bytesFromUnit = { mean: 0, std: 1 / 255 } as const;
