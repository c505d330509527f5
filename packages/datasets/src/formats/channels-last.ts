import type { NpyData } from './npy.js';

/**
 * [n, channels, height, width] brought into [n, height, width, channels], as PyTorch's images into
 * TensorFlow's.
 */
export function channelsLast<T extends NpyData>(
  values: T,
  [count, channels, height, width]: readonly [number, number, number, number],
): T {
  const ordered = values.slice() as T;
  const plane = height * width;
  for (let image = 0; image < count; image++)
    for (let channel = 0; channel < channels; channel++)
      for (let pixel = 0; pixel < plane; pixel++)
        ordered[(image * plane + pixel) * channels + channel] = values[(image * channels + channel) * plane + pixel]!;
  return ordered;
}
