import { defineDataset } from '@advrob/core';
import * as z from 'zod';
import { withoutInputs, type AxisSubspace } from '../subspaces/subspace.js';
import { pointSplits, type Points } from './points.js';

/**
 * P = span of the first two axes. The points lie on the plane at height 0.5 above it, which biases
 * make equivalent.
 */
export const chessSubspace: AxisSubspace = withoutInputs(3, [2]);

/**
 * 25 points (a, b, 0.5) with a, b in {0, 1/4, 1/2, 3/4, 1}; label 1 where both or neither of a, b
 * are in {1/4, 3/4}: a chessboard.
 */
export function chessPoints(): Points {
  const places = [0, 0.25, 0.5, 0.75, 1];
  const fields = places.flatMap((a, i) => places.map((b, j) => ({ a, b, isWhite: i % 2 === j % 2 })));
  return {
    inputs: Float32Array.from(fields.flatMap(({ a, b }) => [a, b, 0.5])),
    labels: Int32Array.from(fields, ({ isWhite }) => Number(isWhite)),
    size: 3,
  };
}

/**
 * The points of Figure 3: two-dimensional data in space, without options. Bounds [-10, 10] leave
 * room for perturbations off the plane.
 */
export const chess = defineDataset({
  name: 'chess',
  summary: '25 points of a plane in space with the labels of a chessboard.',
  paper: 'Melamed, Yehudai, Vardi 2023, https://arxiv.org/abs/2303.00783, Figure 3',
  options: z.strictObject({}),
  load: async () => pointSplits('chess', chessPoints(), [-10, 10]),
});
