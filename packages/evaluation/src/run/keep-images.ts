import type { Tensor } from '@tensorflow/tfjs-core';
import { encodeFloats } from '../resume/base64.js';
import type { KeptImage } from './outcome.js';

/** Reads some rows of `images` [n, ...] back. */
export async function keepImages(
  images: Tensor,
  rows: readonly number[],
  about: (row: number) => Omit<KeptImage, 'image'>,
): Promise<KeptImage[]> {
  if (rows.length === 0) return [];
  const values = (await images.data()) as Float32Array;
  const size = values.length / images.shape[0]!;
  return rows.map((row) => ({ ...about(row), image: encodeFloats(values.subarray(row * size, (row + 1) * size)) }));
}
