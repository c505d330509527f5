import { defineDataset } from '@advrob/core';
import * as z from 'zod';
import { spanOf, type BasisSubspace } from '../subspaces/subspace.js';
import { pointSplits, type Points } from './points.js';

/** P = span(1, 1) in the plane. */
export const diagonalSubspace: BasisSubspace = spanOf([[1, 1]]);

/** Seven points (r, r), r = -1, -2/3, -1/3, 0, 1/3, 2/3, 1, with labels 0 and 1 in turn. */
export function diagonalPoints(): Points {
  const places = [-1, -2 / 3, -1 / 3, 0, 1 / 3, 2 / 3, 1];
  return {
    inputs: Float32Array.from(places.flatMap((place) => [place, place])),
    labels: Int32Array.from(places, (_, i) => i % 2),
    size: 2,
  };
}

/**
 * The points of Figure 2: one-dimensional data in the plane, without options. Bounds [-10, 10]
 * leave room for perturbations off the diagonal.
 */
export const diagonal = defineDataset({
  name: 'diagonal',
  summary: 'Seven points on the diagonal of the plane with alternating labels.',
  paper: 'Melamed, Yehudai, Vardi 2023, https://arxiv.org/abs/2303.00783, Figure 2',
  options: z.strictObject({}),
  load: async () => pointSplits('diagonal', diagonalPoints(), [-10, 10]),
});
