import type { Classifier, Norm } from '@advrob/core';
import { createRowRandom, permutation } from '@advrob/core/random';
import { gather } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { pixelsIn, showPixels } from './pixels.js';
import { ablationRadius, gaussianRadius, laplaceRadius, uniformLinfRadius, uniformRadius } from './radii.js';
import type { ClassBounds } from './radii.js';

/** Which draws a batch holds: row r is draw `draws[r]` of the example `ids[r]`. */
export interface Draws {
  readonly seed: number;
  /** Draws of different stages are independent of each other. */
  readonly stage: 'select' | 'estimate' | 'predict';
  readonly ids: Int32Array;
  readonly draws: Int32Array;
}

/** What a classifier is smoothed with. */
export interface Noise {
  /** For statements: `Gaussian noise of sigma 0.25`. */
  readonly words: string;
  readonly of: 'smoothed' | 'ablated';
  /** The norms that it certifies in. */
  readonly norms: readonly Norm[];
  /**
   * `x` [rows, ...] under the noise of these draws, a function of (seed, stage, id, draw) alone. Not
   * cut to any bounds. The result is the caller's.
   */
  apply(x: Tensor, draws: Draws, model: Pick<Classifier, 'inputShape' | 'bounds'>): Tensor;
  /** Radius in the norm, of the open ball but in L0; `inputShape` as of the example. */
  radius(norm: Norm, bounds: ClassBounds, inputShape: readonly number[]): number;
}

export interface NoiseSettings {
  readonly noise: 'gaussian' | 'uniform' | 'laplace' | 'ablation';
  /** Standard deviation of each value's noise. */
  readonly sigma: number;
  /** Pixels that `ablation` keeps. */
  readonly keep: number;
}

/** The noise of a setting. */
export function noiseOf({ noise, sigma, keep }: NoiseSettings): Noise {
  switch (noise) {
    case 'gaussian':
      return gaussian(sigma);
    case 'uniform':
      return uniform(sigma);
    case 'laplace':
      return laplace(sigma);
    case 'ablation':
      return ablation(keep);
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

function rngOf({ seed, ids, draws }: Draws) {
  return createRowRandom({ seed, ids, lanes: draws, scope: 'smoothing' });
}

function gaussian(sigma: number): Noise {
  return {
    words: `Gaussian noise of standard deviation ${sigma}`,
    of: 'smoothed',
    norms: ['l2', 'linf', 'l1'],
    apply: (x, draws) => tf.tidy(() => tf.add(x, tf.mul(rngOf(draws).normal(draws.stage, x.shape.slice(1)), sigma))),
    // The L1 ball lies in the L2 ball of its radius, the Linf ball in that of sqrt(d) times its own.
    radius: (norm, bounds, shape) => gaussianRadius(bounds, sigma) / (norm === 'linf' ? Math.sqrt(sizeOf(shape)) : 1),
  };
}

function uniform(sigma: number): Noise {
  const halfWidth = sigma * Math.sqrt(3);
  return {
    words: `uniform noise of standard deviation ${sigma}`,
    of: 'smoothed',
    norms: ['l1', 'linf'],
    apply: (x, draws) =>
      tf.tidy(() => tf.add(x, rngOf(draws).uniform(draws.stage, x.shape.slice(1), -halfWidth, halfWidth))),
    radius: (norm, bounds, shape) =>
      norm === 'l1' ? uniformRadius(bounds, halfWidth) : uniformLinfRadius(bounds, halfWidth, sizeOf(shape)),
  };
}

function laplace(sigma: number): Noise {
  const scale = sigma / Math.SQRT2;
  return {
    words: `Laplace noise of standard deviation ${sigma}`,
    of: 'smoothed',
    norms: ['l1'],
    apply: (x, draws) => tf.tidy(() => tf.add(x, tf.mul(rngOf(draws).laplace(draws.stage, x.shape.slice(1)), scale))),
    radius: (_, bounds) => laplaceRadius(bounds, scale),
  };
}

/** Of every example only `keep` random pixels are seen, see {@link showPixels}. */
function ablation(keep: number): Noise {
  return {
    words: `all but ${keep} random pixels left out`,
    of: 'ablated',
    norms: ['l0'],
    apply(x, { seed, stage, ids, draws }, { inputShape, bounds }) {
      const [rows, ...shape] = x.shape as [number, ...number[]];
      const pixels = pixelsIn(shape);
      const seen = new Float32Array(rows * pixels);
      for (let row = 0; row < rows; row++) {
        const order = permutation(seed, `ablation/${stage}/${ids[row]!}`, pixels, draws[row]!);
        for (let i = 0; i < Math.min(keep, pixels); i++) seen[row * pixels + order[i]!] = 1;
      }
      return showPixels(x, seen, { inputShape, bounds });
    },
    // A changed value changes one pixel at most.
    radius: (_, bounds, shape) => ablationRadius(bounds, keep, pixelsIn(shape)),
  };
}

/** Rows of `x` [n, ...] at the places [rows]. The result is the caller's. */
export function rowsAt(x: Tensor, places: Int32Array): Tensor {
  return tf.tidy(() => gather(x, tf.tensor1d(places, 'int32')));
}
