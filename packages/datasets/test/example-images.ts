import type { ImageBytes } from '../src/from/image-dataset.js';

/** `count` small images whose bytes differ from place to place. */
export function exampleImages(count: number, numClasses = 3): ImageBytes {
  const shape = [2, 3, 2] as const;
  return {
    name: 'example',
    images: Uint8Array.from({ length: count * 12 }, (_, i) => (i * 37 + (i >> 3) * 11) % 256),
    labels: Uint8Array.from({ length: count }, (_, i) => (i * 5) % numClasses),
    shape,
    numClasses,
  };
}
