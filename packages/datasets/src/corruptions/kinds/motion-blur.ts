import { corruption } from '../corruption.js';
import { lineBlur } from '../raster/line-blur.js';

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
