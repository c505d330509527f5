import type { Tensor } from '@tensorflow/tfjs-core';
import type { ThreatModel } from '@advrob/core';
import { rowSize } from '../tensors/rows.js';

/** The radius that steps are measured against: epsilon, or the diameter of the bounds where epsilon is `Infinity`. */
export function reachOf({ norm, epsilon, bounds: [low, high] }: ThreatModel, x: Tensor): number {
  if (epsilon !== Infinity) return epsilon;
  const width = high - low;
  return { linf: width, l2: width * Math.sqrt(rowSize(x)), l1: width * rowSize(x), l0: rowSize(x) }[norm];
}
