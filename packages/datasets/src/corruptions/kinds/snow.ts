import { corruption, type Picture } from '../corruption.js';
import { clippedZoom } from '../raster/clipped-zoom.js';
import { lineBlur } from '../raster/line-blur.js';

interface Snow {
  readonly mean: number;
  readonly deviation: number;
  /** Size of the flakes. */
  readonly zoom: number;
  /** Values below are no flakes. */
  readonly threshold: number;
  readonly radius: number;
  readonly sigma: number;
  /** Share of the picture that is not whitened. */
  readonly clear: number;
}
const snowfall = (
  ...[mean, deviation, zoom, threshold, radius, sigma, clear]: [number, number, number, number, number, number, number]
): Snow => ({ mean, deviation, zoom, threshold, radius, sigma, clear });

/** Flakes blurred along a line at a random angle from -135 to -45 degrees, once as they are and once turned by 180 degrees, over a whitened picture. */
export const snow = corruption<Snow>({
  levels: {
    small: [
      snowfall(0.1, 0.2, 1, 0.6, 8, 3, 0.95),
      snowfall(0.1, 0.2, 1, 0.5, 10, 4, 0.9),
      snowfall(0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
      snowfall(0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
      snowfall(0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
    ],
    large: [
      snowfall(0.1, 0.3, 3, 0.5, 10, 4, 0.8),
      snowfall(0.2, 0.3, 2, 0.5, 12, 4, 0.7),
      snowfall(0.55, 0.3, 4, 0.9, 12, 8, 0.7),
      snowfall(0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
      snowfall(0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
    ],
  },
  draws: ({ height, width }) => ({
    flakes: { kind: 'normal', count: height * width },
    angle: { kind: 'uniform', count: 1 },
  }),
  apply(picture, level, { flakes, angle }) {
    const layer = flakesOf(picture, level, flakes!, 90 * angle![0]! - 135);
    const { values, channels } = picture;
    const last = layer.length - 1;
    return values.map((value, i) => {
      const pixel = Math.floor(i / channels);
      const white = Math.max(value, 1.5 * brightnessOf(picture, pixel) + 0.5);
      return 255 * (level.clear * value + (1 - level.clear) * white) + layer[pixel]! + layer[last - pixel]!;
    });
  },
});

/** Levels of 0 to 255, [height, width]. */
function flakesOf({ height, width }: Picture, level: Snow, draws: ArrayLike<number>, angle: number): Float64Array {
  const values = Float64Array.from(draws, (draw) => level.mean + level.deviation * draw);
  const zoomed = clippedZoom({ height, width, channels: 1, values }, level.zoom);
  const flakes = zoomed.map((value) =>
    value < level.threshold ? 0 : Math.floor(255 * Math.min(Math.max(value, 0), 1)) / 255,
  );
  return lineBlur({ height, width, channels: 1, values: flakes }, level.radius, level.sigma, angle);
}

function brightnessOf({ values, channels }: Picture, pixel: number): number {
  if (channels === 1) return values[pixel]!;
  const [red, green, blue] = values.subarray(3 * pixel, 3 * pixel + 3);
  return 0.299 * red! + 0.587 * green! + 0.114 * blue!;
}
