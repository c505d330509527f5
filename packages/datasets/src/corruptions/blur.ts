import { corruption, type Picture } from './corruption.js';
import { clippedZoom, gaussianFilter, lineBlur, mirror, nearest } from './raster.js';

interface Lens {
  readonly radius: number;
  /** Deviation of the blur that softens the edge of the disk. */
  readonly soft: number;
}
const lens = (radius: number, soft: number): Lens => ({ radius, soft });

/** Blur by a disk with a soft edge. */
export const defocusBlur = corruption<Lens>({
  levels: {
    small: [lens(0.3, 0.4), lens(0.4, 0.5), lens(0.5, 0.6), lens(1, 0.2), lens(1.5, 0.1)],
    large: [lens(3, 0.1), lens(4, 0.5), lens(6, 0.5), lens(8, 0.5), lens(10, 0.5)],
  },
  apply: (picture, { radius, soft }) => filtered(picture, softDisk(radius, soft)),
});

interface Kernel {
  readonly side: number;
  readonly weights: Float64Array;
}

function softDisk(radius: number, soft: number): Kernel {
  const reach = radius <= 8 ? 8 : radius;
  const side = 2 * reach + 1;
  const disk = new Float64Array(side * side);
  for (let i = 0; i < disk.length; i++) {
    const [down, right] = [Math.floor(i / side) - reach, (i % side) - reach];
    disk[i] = Number(down * down + right * right <= radius * radius);
  }
  const area = disk.reduce((sum, value) => sum + value, 0);
  const edge = radius <= 8 ? 1 : 2;
  const soften = Float64Array.from({ length: 2 * edge + 1 }, (_, i) => Math.exp(-((i - edge) ** 2) / (2 * soft ** 2)));
  const total = soften.reduce((sum, value) => sum + value, 0);
  const weights = new Float64Array(side * side);
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++)
      for (let down = -edge; down <= edge; down++)
        for (let right = -edge; right <= edge; right++) {
          const from = mirror(row + down, side) * side + mirror(column + right, side);
          weights[row * side + column]! +=
            (disk[from]! / area) * (soften[down + edge]! / total) * (soften[right + edge]! / total);
        }
  return { side, weights };
}

/**
 * Pixels beyond the edge are mirrored; images smaller than the kernel are mirrored several times.
 */
function filtered({ height, width, channels, values }: Picture, { side, weights }: Kernel): Float64Array {
  const reach = (side - 1) / 2;
  const used = Array.from(weights.keys()).filter((i) => weights[i]! > 0);
  const result = new Float64Array(values.length);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (const i of used) {
        const from =
          mirror(row + Math.floor(i / side) - reach, height) * width + mirror(column + (i % side) - reach, width);
        for (let channel = 0; channel < channels; channel++)
          result[(row * width + column) * channels + channel]! +=
            255 * weights[i]! * values[from * channels + channel]!;
      }
  return result;
}

interface Glass {
  readonly sigma: number;
  /** Farthest that a pixel is taken from. */
  readonly reach: number;
  readonly rounds: number;
}
const glass = (sigma: number, reach: number, rounds: number): Glass => ({ sigma, reach, rounds });

/**
 * Frosted glass: blur, pixels replaced by neighbours, blur. The published data sets were made by a
 * swap that copies the neighbour and leaves it where it was; so it is here.
 */
export const glassBlur = corruption<Glass>({
  levels: {
    small: [glass(0.05, 1, 1), glass(0.25, 1, 1), glass(0.4, 1, 1), glass(0.25, 1, 2), glass(0.4, 1, 2)],
    large: [glass(0.7, 1, 2), glass(0.9, 2, 1), glass(1, 2, 3), glass(1.1, 3, 2), glass(1.5, 4, 2)],
  },
  draws: ({ height, width }, { rounds }) => ({ moves: { kind: 'uniform', count: 2 * rounds * height * width } }),
  apply(picture, { sigma, reach, rounds }, { moves }) {
    const levels = gaussianFilter(picture, sigma, nearest).map((value) => Math.floor(value * 255));
    for (let round = 0; round < rounds; round++) shuffle(picture, levels, reach, moves!, round);
    const shuffled = { ...picture, values: levels.map((level) => level / 255) };
    return gaussianFilter(shuffled, sigma, nearest).map((value) => value * 255);
  },
});

/**
 * From the last pixel to the first, each takes the value of one from `reach` before to `reach` - 1
 * after it, in both axes.
 */
function shuffle(picture: Picture, levels: Float64Array, reach: number, moves: ArrayLike<number>, round: number): void {
  const { height, width, channels } = picture;
  for (let row = height - reach; row > reach; row--)
    for (let column = width - reach; column > reach; column--) {
      const draw = 2 * ((round * height + row) * width + column);
      const [right, down] = [moves[draw]!, moves[draw + 1]!].map((chance) => Math.floor(chance * 2 * reach) - reach);
      const from = ((row + down!) * width + column + right!) * channels;
      levels.copyWithin((row * width + column) * channels, from, from + channels);
    }
}

interface Motion {
  readonly radius: number;
  readonly sigma: number;
}
const motion = (radius: number, sigma: number): Motion => ({ radius, sigma });

/** Blur along a line at a random angle from -45 to 45 degrees. */
export const motionBlur = corruption<Motion>({
  levels: {
    small: [motion(6, 1), motion(6, 1.5), motion(6, 2), motion(8, 2), motion(9, 2.5)],
    large: [motion(10, 3), motion(15, 5), motion(15, 8), motion(15, 12), motion(20, 15)],
  },
  draws: () => ({ angle: { kind: 'uniform', count: 1 } }),
  apply: (picture, { radius, sigma }, { angle }) => lineBlur(picture, radius, sigma, 90 * angle![0]! - 45),
});

interface Zoom {
  readonly to: number;
  readonly step: number;
}
const zoom = (to: number, step: number): Zoom => ({ to, step });

/** The mean of a picture and of its enlargements by 1, 1 + step, ... below `to`. */
export const zoomBlur = corruption<Zoom>({
  levels: {
    small: [zoom(1.06, 0.01), zoom(1.11, 0.01), zoom(1.16, 0.01), zoom(1.21, 0.01), zoom(1.26, 0.01)],
    large: [zoom(1.11, 0.01), zoom(1.16, 0.01), zoom(1.21, 0.02), zoom(1.26, 0.02), zoom(1.31, 0.03)],
  },
  apply(picture, { to, step }) {
    const factors = Array.from({ length: Math.ceil((to - 1) / step) }, (_, i) => 1 + i * step);
    const sum = picture.values.slice();
    for (const factor of factors) clippedZoom(picture, factor).forEach((value, i) => (sum[i]! += value));
    return sum.map((value) => (value / (factors.length + 1)) * 255);
  },
});
