import { AdvrobError } from '@advrob/core';

/** Number of entries of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** @throws AdvrobError `ADVROB_OPTION` when the image is too small for the layers, i.e. a side of the last feature map is not at least 1. */
export function checkFeatureMap(name: string, inputShape: readonly number[], sides: readonly number[]): void {
  if (sides.some((side) => side < 1))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `model '${name}': inputShape [${inputShape.join(', ')}] is too small: its last feature map would be ${sides.join(' x ')}`,
    );
}
