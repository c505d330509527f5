import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Seeded randomness that depends on (seed, purpose, step) alone: two draws with the same purpose in
 * the same step are equal.
 */
export interface Random {
  /** float32 in [low, high). */
  uniform(purpose: string, shape: readonly number[], low: number, high: number): Tensor;
  /** Standard normal float32. */
  normal(purpose: string, shape: readonly number[]): Tensor;
}

/**
 * Seeded randomness for the rows of a batch: what a row gets depends on (seed, purpose, example id,
 * lane, step) alone, never on the rows beside it. Shapes are those of one row; results are [rows,
 * ...perRow].
 */
export interface RowRandom {
  /** float32 in [low, high). */
  uniform(purpose: string, perRow: readonly number[], low: number, high: number): Tensor;
  /** Standard normal float32. */
  normal(purpose: string, perRow: readonly number[]): Tensor;
  /** Laplace with location 0 and scale 1, float32. */
  laplace(purpose: string, perRow: readonly number[]): Tensor;
}
