import { AdvrobError } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { flatRows, rowSize } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

interface Sizes {
  /** Values of one input, d. */
  readonly size: number;
  /** dim P = d - l. */
  readonly dimension: number;
}

/** P spanned by some of the axes: data use these input values alone. Projections are exact. */
export interface AxisSubspace extends Sizes {
  readonly kind: 'axes';
  /** [size]: 1 for the axes of P, 0 for the others. */
  readonly mask: Float32Array;
}

/** P spanned by any vectors. Projections are exact up to rounding. */
export interface BasisSubspace extends Sizes {
  readonly kind: 'basis';
  /** Orthonormal rows [dimension, size]. */
  readonly basis: Float32Array;
}

/**
 * A linear subspace P of R^d on which data lie: plain data that holds no tensors. Its orthogonal
 * complement M has dimension l = size - dimension (Melamed, Yehudai, Vardi 2023,
 * https://arxiv.org/abs/2303.00783, setting). Inputs of shape [h, w, c] count as vectors of h * w *
 * c values.
 */
export type Subspace = AxisSubspace | BasisSubspace;

/** dim M = l. */
export function complementDimension({ size, dimension }: Subspace): number {
  return size - dimension;
}

/**
 * P spanned by all axes but those named: the subspace of data that never use these input values.
 *
 * @param unused Flat indices of input values; at least one must be left out and one must remain.
 * @throws AdvrobError `ADVROB_OPTION` for indices out of range, or when P or its complement would
 *   be empty.
 */
export function withoutInputs(size: number, unused: Iterable<number>): AxisSubspace {
  const mask = new Float32Array(size).fill(1);
  for (const index of unused) {
    if (!(Number.isInteger(index) && index >= 0 && index < size))
      throw new AdvrobError('ADVROB_OPTION', `subspace: expected indices from 0 to ${size - 1}, got ${index}`);
    mask[index] = 0;
  }
  const dimension = mask.reduce((sum, one) => sum + one, 0);
  checkProper(size, dimension);
  return { kind: 'axes', size, dimension, mask };
}

/**
 * P spanned by the rows, which need be neither orthogonal nor independent.
 *
 * @throws AdvrobError `ADVROB_OPTION` for rows that differ in length, are not finite, span nothing
 *   or the whole space.
 * @example
 * ```ts
 * import { spanOf } from '@advrob/datasets';
 * const diagonal = spanOf([[1, 1]]); // of the plane
 * ```
 */
export function spanOf(rows: readonly ArrayLike<number>[]): BasisSubspace {
  const size = rows[0]?.length ?? 0;
  for (const row of rows)
    if (row.length !== size || !Array.from(row).every(Number.isFinite))
      throw new AdvrobError('ADVROB_OPTION', `subspace: expected rows of ${size} finite numbers`);
  const orthonormal = orthonormalRows(rows);
  checkProper(size, orthonormal.length);
  const basis = new Float32Array(orthonormal.length * size);
  orthonormal.forEach((row, i) => basis.set(row, i * size));
  return { kind: 'basis', size, dimension: orthonormal.length, basis };
}

function checkProper(size: number, dimension: number): void {
  if (dimension > 0 && dimension < size) return;
  throw new AdvrobError(
    'ADVROB_OPTION',
    `subspace: expected a dimension from 1 to ${size - 1} in ${size} input values, got ${dimension}: ${
      dimension === 0 ? 'nothing spans it' : 'no direction is orthogonal to it'
    }`,
  );
}

/** The part of `x` [n, ...] in P, of its shape. The result is the caller's. */
export function projectOnto(subspace: Subspace, x: Tensor): Tensor {
  return tf.tidy(() => {
    const rows = rowsOf(subspace, x);
    if (subspace.kind === 'axes') return tf.reshape(tf.mul(rows, tf.tensor1d(subspace.mask)), x.shape);
    const basis = tf.tensor2d(subspace.basis, [subspace.dimension, subspace.size]);
    return tf.reshape(tf.matMul(tf.matMul(rows, basis, false, true), basis), x.shape);
  });
}

/** The part of `x` [n, ...] in M, orthogonal to P, of its shape. The result is the caller's. */
export function projectAway(subspace: Subspace, x: Tensor): Tensor {
  return tf.tidy(() => {
    if (subspace.kind === 'basis') return tf.sub(x, projectOnto(subspace, x));
    return tf.reshape(tf.mul(rowsOf(subspace, x), tf.sub(1, tf.tensor1d(subspace.mask))), x.shape);
  });
}

function rowsOf({ size }: Subspace, x: Tensor): Tensor2D {
  const found = rowSize(x);
  if (found !== size)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `subspace: expected inputs of ${size} values, got ${found} [${x.shape.join(', ')}]: the subspace belongs to other data`,
    );
  return flatRows(x);
}

/**
 * A row whose part outside of the span of the earlier ones is shorter than this share of it counts
 * as dependent on them.
 */
const dependent = 1e-6;

/**
 * An orthonormal basis of the span of the rows, in float64: Gram and Schmidt, each row twice, which
 * is as exact as rounding allows.
 */
export function orthonormalRows(rows: readonly ArrayLike<number>[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const row of rows) {
    const rest = Float64Array.from(row);
    const length = norm(rest);
    for (let pass = 0; pass < 2; pass++)
      for (const unit of basis) {
        const along = dot(rest, unit);
        for (let i = 0; i < rest.length; i++) rest[i]! -= along * unit[i]!;
      }
    const left = norm(rest);
    if (!(left > dependent * length)) continue;
    basis.push(rest.map((value) => value / left));
  }
  return basis;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function norm(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}

/**
 * A subspace of the given dimension in a uniformly random position, the same for the same seed: the
 * span of normal vectors.
 *
 * @param size Values of one input, d.
 * @param dimension dim P, from 1 to size - 1.
 * @throws AdvrobError `ADVROB_OPTION` for other dimensions.
 */
export async function randomSubspace(size: number, dimension: number, seed: number): Promise<BasisSubspace> {
  const drawn = createRandom({ seed }).normal('subspace/basis', [dimension, size]);
  try {
    const values = await drawn.data();
    return spanOf(Array.from({ length: dimension }, (_, i) => values.slice(i * size, (i + 1) * size)));
  } finally {
    drawn.dispose();
  }
}
