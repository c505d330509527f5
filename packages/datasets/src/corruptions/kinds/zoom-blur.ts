import { corruption } from '../corruption.js';
import { clippedZoom } from '../raster/clipped-zoom.js';

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
