import { corruption, type Picture } from '../corruption.js';
import { mirror } from '../raster/borders.js';

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

/** Pixels beyond the edge are mirrored; images smaller than the kernel are mirrored several times. */
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
