import type { WindowSize } from './schedule.js';

/** A small image on the host, row by row. */
export type Pattern = readonly (readonly number[])[];

/** How a bump falls off from its centre, and in which norm it has length 1. */
export interface BumpShape {
  readonly exponent: number;
  lengthOf(values: readonly number[]): number;
}

export const l2Bump: BumpShape = { exponent: 2, lengthOf: (values) => Math.hypot(...values) };
export const l1Bump: BumpShape = {
  exponent: 4,
  lengthOf: (values) => values.reduce((sum, value) => sum + Math.abs(value), 0),
};

/**
 * The pattern that Square adds in L2 and L1: the upper half a positive, the lower half a negative pyramid of concentric rectangles with weights
 * `1 / (m + 1)^exponent`, of length 1 (Andriushchenko et al. 2020, https://arxiv.org/abs/1912.00049, section 4.3).
 */
export function bump({ height, width }: WindowSize, shape: BumpShape): Pattern {
  const upper = Math.floor(height / 2);
  const lower = pyramid(height - upper, width, shape).map((row) => row.map((value) => -value));
  return normalized([...(upper > 0 ? pyramid(upper, width, shape) : []), ...lower], shape);
}

/** The same with the halves side by side. */
export function sidewaysBump({ height, width }: WindowSize, shape: BumpShape): Pattern {
  const upright = bump({ height: width, width: height }, shape);
  return Array.from({ length: height }, (_, row) => upright.map((values) => values[row]!));
}

function pyramid(height: number, width: number, shape: BumpShape): Pattern {
  const [middle, centre] = [Math.floor(height / 2), Math.floor(width / 2)];
  // Rectangle m reaches m places from the centre, so a place gets all rectangles from its own distance on.
  const layers = Math.max(middle, centre) + 1;
  const weightFrom = (distance: number): number => {
    let sum = 0;
    for (let m = distance; m < layers; m++) sum += 1 / (m + 1) ** shape.exponent;
    return sum;
  };
  const values = Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) =>
      weightFrom(Math.max(Math.abs(row - middle), Math.abs(column - centre))),
    ),
  );
  return normalized(values, shape);
}

function normalized(pattern: Pattern, { lengthOf }: BumpShape): Pattern {
  const length = lengthOf(pattern.flat());
  return pattern.map((row) => row.map((value) => value / length));
}
