import { corruption } from '../corruption.js';
import { plasma, plasmaSide } from '../raster/plasma.js';

interface Frost {
  readonly picture: number;
  readonly frost: number;
}
const frosted = (picture: number, frost: number): Frost => ({ picture, frost });

/** Red, green and blue of frost at its whitest. */
const tint = [0.84, 0.92, 1];

/**
 * A substitute for frost, not the original: Hendrycks and Dietterich add crops of six photographs of frosted windows, which are not part of this package. Here
 * crystals are the ridges of two plasma fractals. Weights are the original ones; accuracies under it must not be compared with published ones.
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
