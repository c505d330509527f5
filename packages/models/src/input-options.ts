import * as z from 'zod';

/** A size of at least 1. */
export const size = z.int().min(1);

const channelValues = z.union([z.number(), z.array(z.number()).min(1)]);
const channelDeviations = z.union([z.number().positive(), z.array(z.number().positive()).min(1)]);

/**
 * Options that every architecture has, with their defaults: `numClasses` as said, `bounds` [0, 1],
 * `mean` 0, `std` 1.
 */
export function commonOptions(numClasses: number) {
  return {
    /** Number of classes, at least 2. */
    numClasses: z.int().min(2).default(numClasses).describe('number of classes'),
    bounds: z
      .tuple([z.number(), z.number()])
      .refine(([low, high]) => low < high, 'expected [low, high] with low < high')
      .default([0, 1])
      .describe('smallest and largest legal input value'),
    mean: channelValues.default(0).describe('subtracted from the input: one value, or one for each channel'),
    std: channelDeviations.default(1).describe('divides the centred input: one value, or one for each channel'),
  };
}

/** `inputShape` of an architecture for images, `[height, width, channels]`. */
export function imageShape(...shape: [number, number, number]) {
  return z.tuple([size, size, size]).default(shape).describe('shape of one image: [height, width, channels]');
}

/** `inputShape` of an architecture that flattens its input. */
export function anyShape(...shape: number[]) {
  return z.array(size).min(1).default(shape).describe('shape of one example, without the batch axis');
}
