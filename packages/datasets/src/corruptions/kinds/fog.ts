import { corruption } from '../corruption.js';
import { plasma, plasmaSide } from '../raster/plasma.js';

interface Fog {
  readonly density: number;
  /** How much finer structures fade. */
  readonly decay: number;
}
const haze = (density: number, decay: number): Fog => ({ density, decay });

/** A plasma fractal over the picture, which then is darkened until its brightest value is what it was at most. */
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
