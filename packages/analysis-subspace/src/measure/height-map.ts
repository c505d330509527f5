import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { flipsOnBothSides } from './both-sides.js';

/** How far the boundary lies from the plane z = 1/2 at (x, y), to the nearer side; cut off at 1/2, the faces of the unit cube. */
export type Height = { readonly x: number; readonly y: number; readonly height: number };

/** The height of the decision boundary of a model of three inputs over the unit square, at the centres of cells. */
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
