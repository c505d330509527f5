import type { Classifier } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';

/**
 * Two classes on two inputs; class 1 where x0 + x1 > 1, so the Linf distance of (a, a) to the
 * boundary is |a - 1/2|.
 */
export function planeModel(scale = 1): ReturnType<typeof linearClassifier> {
  return linearClassifier({
    weights: [
      [-scale, scale],
      [-scale, scale],
    ],
    bias: [scale, -scale],
  });
}

/** Class 1 where `a x0 + b x1 > (a + b) (1/2 + shift)`. */
export function shiftedPlane(
  shift: number,
  [a, b]: readonly [number, number] = [1, 1],
): Classifier & { dispose(): void } {
  const bias = (a + b) * (0.5 + shift);
  return linearClassifier({
    weights: [
      [-a, a],
      [-b, b],
    ],
    bias: [bias, -bias],
  });
}
