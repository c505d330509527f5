import { quantizeBlock } from './block-transform.js';

/** One channel in levels of 0 to 255, row by row. */
export interface Plane {
  readonly height: number;
  readonly width: number;
  readonly levels: Float64Array;
}

/** The plane after each of its blocks was quantised. Its last row and column fill the blocks that reach beyond it. */
export function quantizePlane(plane: Plane, divisors: readonly number[]): Plane {
  const { height, width, levels } = plane;
  const result = new Float64Array(levels.length);
  const block = new Float64Array(64);
  for (let top = 0; top < height; top += 8)
    for (let left = 0; left < width; left += 8) {
      for (let i = 0; i < 64; i++) {
        const row = Math.min(top + (i >> 3), height - 1);
        block[i] = levels[row * width + Math.min(left + (i & 7), width - 1)]!;
      }
      quantizeBlock(block, divisors);
      for (let i = 0; i < 64; i++) {
        const [row, column] = [top + (i >> 3), left + (i & 7)];
        if (row < height && column < width) result[row * width + column] = block[i]!;
      }
    }
  return { height, width, levels: result };
}

/**
 * Half the height, and half the width filled up to whole blocks: means of four, rounded down and up in turn so that no drift remains. What fills the blocks are means
 * of the last column repeated, not the last mean repeated, as libjpeg has it.
 */
export function halved({ height, width, levels }: Plane): Plane {
  const half = { height: Math.ceil(height / 2), width: 8 * Math.ceil(width / 16) };
  const at = (row: number, column: number) => levels[Math.min(row, height - 1) * width + Math.min(column, width - 1)]!;
  const means = Float64Array.from({ length: half.height * half.width }, (_, i) => {
    const [row, column] = [2 * Math.floor(i / half.width), 2 * (i % half.width)];
    const sum = at(row, column) + at(row, column + 1) + at(row + 1, column) + at(row + 1, column + 1);
    return Math.floor((sum + 1 + ((column / 2) % 2)) / 4);
  });
  return { ...half, levels: means };
}

/** Back to the full size: each value is 9/16, 3/16, 3/16 and 1/16 of the four nearest. */
export function doubled(half: Plane, height: number, width: number): Plane {
  const last = Math.ceil(width / 2) - 1;
  const at = (row: number, column: number) =>
    half.levels[Math.min(Math.max(row, 0), half.height - 1) * half.width + Math.min(Math.max(column, 0), last)]!;
  const levels = Float64Array.from({ length: height * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const [near, side] = [row >> 1, column >> 1];
    const [far, beside] = [near + (row % 2 === 0 ? -1 : 1), side + (column % 2 === 0 ? -1 : 1)];
    const line = (place: number) => 3 * at(near, place) + at(far, place);
    return Math.floor((3 * line(side) + line(beside) + (column % 2 === 0 ? 8 : 7)) / 16);
  });
  return { height, width, levels };
}
