import { corruption, type Picture } from '../corruption.js';
import { nearest } from '../raster/borders.js';
import { gaussianFilter } from '../raster/gaussian-filter.js';

interface Glass {
  readonly sigma: number;
  /** Farthest that a pixel is taken from. */
  readonly reach: number;
  readonly rounds: number;
}
const glass = (sigma: number, reach: number, rounds: number): Glass => ({ sigma, reach, rounds });

/**
 * Frosted glass: blur, pixels replaced by neighbours, blur. The published data sets were made by a swap that copies the neighbour and leaves it where it was; so
 * it is here.
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

/** From the last pixel to the first, each takes the value of one from `reach` before to `reach` - 1 after it, in both axes. */
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
