import type { Classifier, Norm } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { successOf, type Subject, type SubjectCheck } from './subject.js';

/**
 * A linear model of two classes whose boundary is equally far from every example, and far from the
 * bounds.
 */
interface TwoClasses {
  readonly model: Classifier & { dispose(): void };
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
  distanceIn(norm: Norm): number;
}

const margin = 0.75;

function twoClasses(inputShape: readonly number[]): TwoClasses {
  const size = inputShape.reduce((product, length) => product * length, 1);
  const slopes = Array.from({ length: size }, (_, i) => Math.sin(2 * i + 1) + (i % 2 === 0 ? 0.3 : -0.3));
  // Four examples on a line on which the margin is the same: they differ in the first two values
  // only.
  const offsets = [0, 0.1, -0.1, 0.2].map((t) =>
    slopes.map((_, i) => (i === 0 ? t * slopes[1]! : i === 1 ? -t * slopes[0]! : 0)),
  );
  const at = (offset: readonly number[]): number => offset.reduce((sum, value, i) => sum + value * slopes[i]!, 0);
  const model = linearClassifier({
    weights: slopes.map((slope) => [slope / 2, -slope / 2]),
    bias: [-(margin / 2) - at(offsets[0]!) / 2, margin / 2 + at(offsets[0]!) / 2],
    inputShape,
    bounds: [-1, 1],
  });
  const sizes = slopes.map(Math.abs).sort((a, b) => b - a);
  const distances: Record<Exclude<Norm, 'l0'>, number> = {
    linf: margin / sizes.reduce((sum, slope) => sum + slope, 0),
    l2: margin / Math.hypot(...sizes),
    l1: margin / sizes[0]!,
  };
  return {
    model,
    x: tf.tensor(offsets.flat(), [4, ...inputShape]),
    y: tf.tensor1d([1, 1, 1, 1], 'int32'),
    distanceIn: (which) => distances[which as Exclude<Norm, 'l0'>],
  };
}

async function foundWithin({ attack, norm, inputShape }: Subject, share: number): Promise<number[]> {
  const { model, x, y, distanceIn } = twoClasses(inputShape);
  try {
    return await successOf(attack.run(model, x, y, { norm, epsilon: share * distanceIn(norm) }, { seed: 3 }));
  } finally {
    model.dispose();
    tf.dispose([x, y]);
  }
}

/** What is known exactly: the distance of a plane. */
export const closedForms: Readonly<Record<string, SubjectCheck>> = {
  'fools a linear model of two classes right beyond its distance, the margin over the dual norm, and never before':
    async (subject) => {
      const { norm, row } = subject;
      if (norm === 'l0' || (row.classes ?? 2) !== 2) return;
      expect(await foundWithin(subject, 0.999)).toEqual([0, 0, 0, 0]);
      if (row.excess !== undefined) expect(await foundWithin(subject, 1 + row.excess)).toEqual([1, 1, 1, 1]);
    },
};
