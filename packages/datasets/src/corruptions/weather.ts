import { corruption, type Picture } from './corruption.js';
import { clippedZoom, lineBlur } from './raster.js';

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

/**
 * Flakes blurred along a line at a random angle from -135 to -45 degrees, once as they are and once
 * turned by 180 degrees, over a whitened picture.
 */
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

interface Frost {
  readonly picture: number;
  readonly frost: number;
}
const frosted = (picture: number, frost: number): Frost => ({ picture, frost });

/** Red, green and blue of frost at its whitest. */
const tint = [0.84, 0.92, 1];

/**
 * A substitute for frost, not the original: Hendrycks and Dietterich add crops of six photographs
 * of frosted windows, which are not part of this package. Here crystals are the ridges of two
 * plasma fractals. Weights are the original ones; accuracies under it must not be compared with
 * published ones.
 */
export const frost = corruption<Frost>({
  levels: {
    small: [frosted(1, 0.2), frosted(1, 0.3), frosted(0.9, 0.4), frosted(0.85, 0.4), frosted(0.75, 0.45)],
    large: [frosted(1, 0.4), frosted(0.8, 0.6), frosted(0.7, 0.7), frosted(0.65, 0.7), frosted(0.6, 0.75)],
  },
  draws: ({ height, width }) => {
    const count = plasmaSide(height, width) ** 2;
    return { coarse: { kind: 'uniform', count }, fine: { kind: 'uniform', count } };
  },
  apply({ height, width, channels, values }, weights, { coarse, fine }) {
    const side = plasmaSide(height, width);
    const ridges = [plasma(side, 2, coarse!), plasma(side, 1.4, fine!)].map((map) =>
      map.map((value) => (1 - Math.abs(2 * value - 1)) ** 2),
    );
    return values.map((value, i) => {
      const pixel = Math.floor(i / channels);
      const place = Math.floor(pixel / width) * side + (pixel % width);
      const white = 0.2 + 0.5 * ridges[0]![place]! + 0.3 * ridges[1]![place]!;
      return 255 * (weights.picture * value + weights.frost * white * tint[channels === 1 ? 2 : i % channels]!);
    });
  },
});

interface Fog {
  readonly density: number;
  /** How much finer structures fade. */
  readonly decay: number;
}
const haze = (density: number, decay: number): Fog => ({ density, decay });

/**
 * A plasma fractal over the picture, which then is darkened until its brightest value is what it
 * was at most.
 */
export const fog = corruption<Fog>({
  levels: {
    small: [haze(0.2, 3), haze(0.5, 3), haze(0.75, 2.5), haze(1, 2), haze(1.5, 1.75)],
    large: [haze(1.5, 2), haze(2, 2), haze(2.5, 1.7), haze(2.5, 1.5), haze(3, 1.4)],
  },
  draws: ({ height, width }) => ({ plasma: { kind: 'uniform', count: plasmaSide(height, width) ** 2 } }),
  apply({ height, width, channels, values }, { density, decay }, draws) {
    const side = plasmaSide(height, width);
    const map = plasma(side, decay, draws['plasma']!);
    const brightest = values.reduce((most, value) => Math.max(most, value), 0);
    return values.map((value, i) => {
      const pixel = Math.floor(i / channels);
      const cloud = density * map[Math.floor(pixel / width) * side + (pixel % width)]!;
      return (((value + cloud) * brightest) / (brightest + density)) * 255;
    });
  },
});

/**
 * Adds to the value of hue, saturation and value (the largest of the channels), up to 1, with the
 * other two as they are.
 */
export const brightness = corruption<number>({
  levels: { small: [0.05, 0.1, 0.15, 0.2, 0.3], large: [0.1, 0.2, 0.3, 0.4, 0.5] },
  apply({ values, channels }, more) {
    const result = new Float64Array(values.length);
    for (let pixel = 0; pixel < values.length; pixel += channels) {
      const colours = values.subarray(pixel, pixel + channels);
      const value = Math.max(...colours);
      const raised = Math.min(value + more, 1);
      colours.forEach((colour, i) => (result[pixel + i] = (value === 0 ? raised : colour * (raised / value)) * 255));
    }
    return result;
  },
});

/** Side of the square map that covers a picture: the next power of two. */
function plasmaSide(height: number, width: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(height, width)));
}

/**
 * A plasma fractal from 0 to 1 by the diamond-square algorithm on a torus: each new point is the
 * mean of four neighbours plus noise whose range is divided by `decay` squared from one grid to the
 * next finer one.
 *
 * @param side A power of two.
 * @param noise [side * side], uniform in [0, 1); each point has its own place in it.
 */
function plasma(side: number, decay: number, noise: ArrayLike<number>): Float64Array {
  const map = new Float64Array(side * side);
  const at = (row: number, column: number) => ((row + side) % side) * side + ((column + side) % side);
  let range = 100;
  for (let step = side; step >= 2; step /= 2, range /= decay) {
    const half = step / 2;
    const fill = (row: number, column: number, neighbours: readonly (readonly [number, number])[]) => {
      const place = at(row, column);
      const sum = neighbours.reduce((total, [down, right]) => total + map[at(row + down, column + right)]!, 0);
      map[place] = sum / 4 + range * range * (2 * noise[place]! - 1);
    };
    const corners = [-half, half].flatMap((down) => [-half, half].map((right) => [down, right] as const));
    const sides = [-half, half].flatMap((far) => [[far, 0] as const, [0, far] as const]);
    for (let row = half; row < side; row += step)
      for (let column = half; column < side; column += step) fill(row, column, corners);
    for (let row = 0; row < side; row += step)
      for (let column = half; column < side; column += step) fill(row, column, sides);
    for (let row = half; row < side; row += step)
      for (let column = 0; column < side; column += step) fill(row, column, sides);
  }
  const low = map.reduce((least, value) => Math.min(least, value), Infinity);
  const high = map.reduce((most, value) => Math.max(most, value), -Infinity);
  return map.map((value) => (value - low) / (high - low));
}
