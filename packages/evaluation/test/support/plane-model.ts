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
