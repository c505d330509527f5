import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Attack, AttackLoss, Classifier } from '../contract/index.js';
import { gatherRows, rowsOfExamples } from './rows.js';
import type { Lanes } from './lanes.js';
import type { Session } from './session.js';

/**
 * The last iterates of `other` on another model for every row, [m * lanes, ...], the caller's to free. Each lane draws as a training step of its own,
 * so that lanes differ and the first equals what `maximize` gives for the same seed.
 */
export async function craftPoints(
  session: Session,
  { examples, count, targets }: Lanes,
  other: Attack,
  surrogate: Classifier,
  options: { readonly loss?: AttackLoss },
): Promise<Tensor> {
  const { ids, x, y } = examples;
  const parts: Tensor[] = [];
  try {
    for (let lane = 0; lane < count; lane++) {
      const own = targets && laneOf(targets, lane, count);
      const target = own ?? examples.target;
      try {
        const points = await other.maximize(surrogate, x, y, session.threat, {
          ids,
          seed: session.seed,
          step: session.step * count + lane,
          ...(target && { targets: target }),
          ...(options.loss && { loss: options.loss }),
          ...(session.signal && { signal: session.signal }),
          ...(session.onProgress && { onProgress: session.onProgress }),
          ...(session.onGradient && { onGradient: session.onGradient }),
        });
        parts.push(points);
      } finally {
        own?.dispose();
      }
    }
    return tf.tidy(() => tf.reshape(tf.stack(parts, 1), [ids.length * count, ...x.shape.slice(1)]));
  } finally {
    tf.dispose(parts);
  }
}

/** The entries of one lane, [m], of a tensor with one per row. */
function laneOf(rows: Tensor, lane: number, count: number): Tensor {
  const examples = Array.from({ length: rows.shape[0]! / count }, (_, i) => i);
  const indices = rowsOfExamples(examples, count).filter((row) => row % count === lane);
  return gatherRows({ rows }, indices).rows;
}
