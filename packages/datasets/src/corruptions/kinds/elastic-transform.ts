import { corruption, type Picture } from '../corruption.js';
import { mirror, reflect } from '../raster/borders.js';
import { gaussianFilter } from '../raster/gaussian-filter.js';
import { sample } from '../raster/sample.js';

/** In sizes of the image. */
interface Elastic {
  /** Factor of the displacements. */
  readonly strength: number;
  /** Deviation of the blur that makes them smooth. */
  readonly smooth: number;
  /** Farthest that three points are moved by the affine map before. */
  readonly affine: number;
}
const elastic = (strength: number, smooth: number, affine: number): Elastic => ({ strength, smooth, affine });

/** OpenCV rounds the places that an affine map takes values from to so many parts of a pixel. */
const parts = 32;

/** A random affine map, then smooth random displacements. */
export const elasticTransform = corruption<Elastic>({
  levels: {
    small: [
      elastic(0, 0, 0.08),
      elastic(0.05, 0.2, 0.07),
      elastic(0.08, 0.06, 0.06),
      elastic(0.1, 0.04, 0.05),
      elastic(0.1, 0.03, 0.03),
    ],
    // The original has 244 for the side of its images of 224 pixels.
    large: [
      elastic(2, 0.7, 0.1),
      elastic(2, 0.08, 0.2),
      elastic(0.05, 0.01, 0.02),
      elastic(0.07, 0.01, 0.02),
      elastic(0.12, 0.01, 0.02),
    ].map(({ strength, smooth, affine }) =>
      elastic((strength * 244) / 224, (smooth * 244) / 224, (affine * 244) / 224),
    ) as [Elastic, Elastic, Elastic, Elastic, Elastic],
  },
  draws: ({ height, width }) => ({
    points: { kind: 'uniform', count: 6 },
    right: { kind: 'uniform', count: height * width },
    down: { kind: 'uniform', count: height * width },
  }),
  apply(picture, { strength, smooth, affine }, { points, right, down }) {
    const { height, width, channels } = picture;
    const size = Math.min(height, width);
    const moved = { ...picture, values: affineMap(picture, affine * size, points!) };
    const field = (draws: ArrayLike<number>) =>
      gaussianFilter(
        { height, width, channels: 1, values: Float64Array.from(draws, (draw) => 2 * draw - 1) },
        smooth * size,
        reflect,
        3,
      ).map((value) => value * strength * size);
    const [across, along] = [field(right!), field(down!)];
    const result = new Float64Array(picture.values.length);
    for (let i = 0; i < result.length; i++) {
      const pixel = Math.floor(i / channels);
      const [row, column] = [Math.floor(pixel / width) + along[pixel]!, (pixel % width) + across[pixel]!];
      result[i] = sample(moved, i % channels, row, column, reflect) * 255;
    }
    return result;
  },
});

/** The affine map that moves three points around the middle by up to `reach` in each axis. */
function affineMap(picture: Picture, reach: number, draws: ArrayLike<number>): Float64Array {
  const { height, width, channels } = picture;
  const [middleX, middleY] = [Math.floor(width / 2), Math.floor(height / 2)];
  const side = Math.floor(Math.min(height, width) / 3);
  const from = [
    [middleX + side, middleY + side],
    [middleX + side, middleY - side],
    [middleX - side, middleY - side],
  ] as const;
  const to = from.map(
    ([x, y], i) => [x + reach * (2 * draws[2 * i]! - 1), y + reach * (2 * draws[2 * i + 1]! - 1)] as const,
  );
  const back = backwards(from, to as unknown as typeof from);
  const result = new Float64Array(picture.values.length);
  for (let i = 0; i < result.length; i++) {
    const pixel = Math.floor(i / channels);
    const [x, y] = back(pixel % width, Math.floor(pixel / width));
    result[i] = sample(picture, i % channels, Math.round(y * parts) / parts, Math.round(x * parts) / parts, mirror);
  }
  return result;
}

type Triangle = readonly [readonly [number, number], readonly [number, number], readonly [number, number]];

/** The affine map that takes the corners of `to` to those of `from`: where a pixel of the result comes from. */
function backwards(from: Triangle, to: Triangle): (x: number, y: number) => [number, number] {
  const [a, b, c] = to;
  const area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
  return (x, y) => {
    const second = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / area;
    const third = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / area;
    const place = (axis: 0 | 1) =>
      from[0][axis] + second * (from[1][axis] - from[0][axis]) + third * (from[2][axis] - from[0][axis]);
    return [place(0), place(1)];
  };
}
