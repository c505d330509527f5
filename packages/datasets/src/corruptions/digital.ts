import { corruption, type Picture } from './corruption.js';
import { recompress } from './jpeg.js';
import { gaussianFilter, mirror, reflect, sample } from './raster.js';

/**
 * Moves every value towards the mean of its channel; levels are the share of the distance that is
 * left.
 */
export const contrast = corruption<number>({
  levels: { small: [0.75, 0.5, 0.4, 0.3, 0.15], large: [0.4, 0.3, 0.2, 0.1, 0.05] },
  apply({ values, channels }, share) {
    const means = new Float64Array(channels);
    values.forEach((value, i) => (means[i % channels]! += (value * channels) / values.length));
    return values.map((value, i) => ((value - means[i % channels]!) * share + means[i % channels]!) * 255);
  },
});

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

/**
 * The affine map that takes the corners of `to` to those of `from`: where a pixel of the result
 * comes from.
 */
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

/**
 * Shrinks a picture to the share of its size that is the level, and enlarges it again, both by
 * averaging boxes of pixels.
 */
export const pixelate = corruption<number>({
  levels: { small: [0.95, 0.9, 0.85, 0.75, 0.65], large: [0.6, 0.5, 0.4, 0.3, 0.25] },
  apply({ height, width, channels, values }, share) {
    const levels = { height, width, channels, values: values.map((value) => Math.round(value * 255)) };
    const small = boxResize(levels, Math.floor(height * share), Math.floor(width * share));
    return boxResize(small, height, width).values;
  },
});

/**
 * A picture in levels of 0 to 255 at another size: each pixel is the mean of the pixels whose
 * centres lie in its box, whole after each axis, as Pillow does it.
 */
function boxResize(levels: Picture, height: number, width: number): Picture {
  const { channels } = levels;
  const wide = new Float64Array(levels.height * width * channels);
  boxes(levels.width, width).forEach(([first, end], column) => {
    for (let row = 0; row < levels.height; row++)
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let from = first; from < end; from++)
          sum += levels.values[(row * levels.width + from) * channels + channel]!;
        wide[(row * width + column) * channels + channel] = Math.floor(sum / (end - first) + 0.5);
      }
  });
  const values = new Float64Array(height * width * channels);
  const line = width * channels;
  boxes(levels.height, height).forEach(([first, end], row) => {
    for (let i = 0; i < line; i++) {
      let sum = 0;
      for (let from = first; from < end; from++) sum += wide[from * line + i]!;
      values[row * line + i] = Math.floor(sum / (end - first) + 0.5);
    }
  });
  return { height, width, channels, values };
}

/** First pixel and the one after the last of each box. */
function boxes(from: number, to: number): [number, number][] {
  const scale = from / to;
  const half = 0.5 * Math.max(scale, 1);
  return Array.from({ length: to }, (_, place): [number, number] => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(Math.floor(centre - half + 0.5), 0);
    const end = Math.min(Math.floor(centre + half + 0.5), from);
    // A pixel whose centre lies on the left edge of the box is not in it, one on the right edge is.
    const isIn = (pixel: number) => {
      const distance = (pixel - centre + 0.5) / Math.max(scale, 1);
      return distance > -0.5 && distance <= 0.5;
    };
    const inside = Array.from({ length: end - first }, (__, i) => first + i).filter(isIn);
    return [inside[0]!, inside.at(-1)! + 1];
  });
}

/**
 * Saved as JPEG with the quality that is the level, chrominance at half the size, and read again.
 */
export const jpegCompression = corruption<number>({
  levels: { small: [80, 65, 58, 50, 40], large: [25, 18, 15, 10, 7] },
  apply: (picture, quality) => recompress(picture, quality),
});
