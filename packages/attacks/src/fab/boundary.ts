import type { GradientModel, Rows } from '@advrob/core';
import { marginLoss } from '@advrob/core/losses';
import { distanceAlong, dualLengths, isFooled, logitOf, select } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { averagedGradient } from '../shared/averaged-gradient.js';

/** The linear model of a decision boundary around some points. */
export interface Plane {
  /** Lead [rows] of the class beyond the boundary; negative on the near side. */
  readonly values: Tensor;
  readonly gradient: Tensor;
  readonly logits: Tensor;
}

/** A decision boundary to walk along. */
export interface Boundary {
  /** The boundary as seen from `adv`, with gradients averaged over `passes` passes. */
  planeAt(rows: Rows<'gradients'>, adv: Tensor, passes: number): Plane;
  /** Whether points with these logits lie beyond, [rows] (bool). */
  isBeyond(rows: Rows<'gradients'>, logits: Tensor): Tensor;
}

/** Between the label and the target of a target lane; any other class than the label is beyond. */
export const targetBoundary: Boundary = {
  planeAt: ({ model, y, target }, adv, passes) => planeTowards(model, adv, y, target!, passes),
  isBeyond: isNotLabel,
};

/** Around the class that the user wants predicted. */
export const wantedBoundary: Boundary = {
  planeAt({ model, y, target }, adv, passes) {
    const leadOf = (z: Tensor): Tensor => marginLoss.value(z, { y, target: target!, clean: z });
    const { gradient, logits, loss } = averagedGradient(model, adv, leadOf, passes);
    return { values: loss, gradient, logits };
  },
  isBeyond: ({ target }, logits) => tf.equal(tf.argMax(logits, 1), target!),
};

/**
 * Of the boundaries to all other classes the nearest by the linear models: one gradient per class.
 */
export const nearestBoundary: Boundary = {
  planeAt({ model, y, threat }, adv, passes) {
    let nearest: (Plane & { readonly distance: Tensor }) | undefined;
    for (let shift = 1; shift < model.numClasses; shift++) {
      const other = tf.mod(tf.add(y, tf.scalar(shift, 'int32')), tf.scalar(model.numClasses, 'int32'));
      const plane = planeTowards(model, adv, y, other, passes);
      const slope = dualLengths(threat.norm, plane.gradient);
      const distance = distanceAlong(slope, tf.abs(plane.values));
      const isNearer = nearest && tf.less(distance, nearest.distance);
      nearest =
        nearest && isNearer
          ? {
              logits: plane.logits,
              values: tf.where(isNearer, plane.values, nearest.values),
              gradient: select(isNearer, plane.gradient, nearest.gradient),
              distance: tf.minimum(distance, nearest.distance),
            }
          : { ...plane, distance };
    }
    return nearest!;
  },
  isBeyond: isNotLabel,
};

function isNotLabel({ y }: Rows<'gradients'>, logits: Tensor): Tensor {
  return isFooled({ y }, logits);
}

function planeTowards(model: GradientModel, adv: Tensor, y: Tensor, other: Tensor, passes: number): Plane {
  const { gradient, logits, loss } = averagedGradient(
    model,
    adv,
    (z) => tf.sub(logitOf(z, other), logitOf(z, y)),
    passes,
  );
  return { values: loss, gradient, logits };
}
