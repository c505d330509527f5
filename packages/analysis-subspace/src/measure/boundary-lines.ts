import { settle } from '@advrob/core';
import type { Classifier } from '@advrob/core';
import { margin } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { flipsOnBothSides } from './flip-distance.js';

/** A piece of a boundary, from (x, y) to (x2, y2). */
export type Segment = { readonly x: number; readonly y: number; readonly x2: number; readonly y2: number };

/**
 * The decision boundary of a model of two inputs and two classes on a square, as short segments:
 * marching squares on N = z_1 - z_0 with linear interpolation.
 *
 * @param square Lower and upper end of both axes. @param cells Cells along each axis.
 */
export async function boundaryLines(
  model: Classifier,
  [low, high]: readonly [number, number],
  cells: number,
): Promise<Segment[]> {
  const side = cells + 1;
  const place = (index: number): number => low + ((high - low) * index) / cells;
  const grid = Float32Array.from({ length: 2 * side * side }, (_, i) => {
    const node = i >> 1;
    return place(i % 2 === 0 ? node % side : Math.floor(node / side));
  });
  const values = await signedOutputs(model, tf.tensor2d(grid, [side * side, 2]));
  const segments: Segment[] = [];
  for (let row = 0; row < cells; row++)
    for (let column = 0; column < cells; column++) {
      const at = (i: number, j: number): number => values[(row + i) * side + column + j]!;
      segments.push(
        ...cellSegments([at(0, 0), at(0, 1), at(1, 1), at(1, 0)], (i, j) => [place(column + j), place(row + i)]),
      );
    }
  return segments;
}

/** N at each point; frees the points. */
async function signedOutputs(model: Classifier, points: Tensor): Promise<ArrayLike<number>> {
  const outputs = tf.tidy(() => margin(model.logits(points), tf.zeros([points.shape[0]!], 'int32')));
  try {
    await settle(outputs);
    return await outputs.data();
  } finally {
    tf.dispose([points, outputs]);
  }
}

const corners = [
  [0, 0],
  [0, 1],
  [1, 1],
  [1, 0],
] as const;

/**
 * The pieces in one cell: values at its corners in turn, and where fractions (i, j) of the cell
 * lie.
 */
function cellSegments(
  values: readonly [number, number, number, number],
  place: (i: number, j: number) => readonly [number, number],
): Segment[] {
  const crossings = corners.flatMap(([i, j], k) => {
    const [from, to] = [values[k]!, values[(k + 1) % 4]!];
    if (from > 0 === to > 0) return [];
    const share = from / (from - to);
    const [nextI, nextJ] = corners[(k + 1) % 4]!;
    return [place(i + share * (nextI - i), j + share * (nextJ - j))];
  });
  const join = (a: number, b: number): Segment => {
    const [[x, y], [x2, y2]] = [crossings[a]!, crossings[b]!];
    return { x, y, x2, y2 };
  };
  if (crossings.length === 2) return [join(0, 1)];
  if (crossings.length !== 4) return [];
  // A saddle: the mean says which corners belong together.
  const isFirstJoined = values.reduce((sum, value) => sum + value, 0) > 0 === values[0] > 0;
  return isFirstJoined ? [join(0, 1), join(2, 3)] : [join(3, 0), join(1, 2)];
}

/**
 * How far the boundary lies from the plane z = 1/2 at (x, y), to the nearer side; cut off at 1/2,
 * the faces of the unit cube.
 */
export type Height = { readonly x: number; readonly y: number; readonly height: number };

/**
 * The height of the decision boundary of a model of three inputs over the unit square, at the
 * centres of cells.
 */
export async function heightMap(model: Classifier, cells: number): Promise<Height[]> {
  const places = Array.from({ length: cells }, (_, i) => (i + 0.5) / cells);
  const plane = places.flatMap((x) => places.map((y) => [x, y, 0.5] as const));
  const points = tf.tensor2d(plane.flat(), [plane.length, 3]);
  try {
    const { ahead, behind } = await flipsOnBothSides(model, points, [0, 0, 1], {
      limit: 0.5,
      first: 0.005,
      ratio: 1.1,
      bisections: 6,
    });
    return plane.map(([x, y], i) => ({ x, y, height: Math.min(ahead[i]!, behind[i]!) }));
  } finally {
    points.dispose();
  }
}
