import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Attack, AttackResult, Norm } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { checkFinite, checkImages } from './inputs.js';
import { labelsOf, select } from '../rows.js';
import type { Examples } from './lanes.js';
import type { Session } from './session.js';
import { slackOf } from './winners.js';
import type { Winners } from './winners.js';

interface Found {
  readonly attack: Attack;
  readonly session: Session;
  readonly examples: Examples;
  readonly winners: Winners;
  /** 1 for examples that were never attacked. */
  readonly done: Float32Array;
  readonly cleanValues: Float32Array;
  readonly cleanPrediction: Int32Array;
  readonly labelValues: ArrayLike<number>;
  readonly targetValues: ArrayLike<number> | undefined;
  readonly foundBy: ReadonlyMap<number, string>;
}

/**
 * Turns winners into a result that can be trusted: every point is classified again in a fresh
 * forward pass, and its distance is computed in float64.
 *
 * @throws AdvrobError `ADVROB_ATTACK` when the attack left the ball or the bounds,
 *   `ADVROB_NOT_FINITE` when it made NaN.
 */
export async function verify(found: Found): Promise<AttackResult> {
  const { attack, session, examples, winners, done, cleanValues, cleanPrediction, labelValues, targetValues, foundBy } =
    found;
  const { model, threat } = session;
  const n = done.length;

  const candidateLogits = tf.tidy(() => model.logits(winners.adversarial, session.how));
  const candidatePrediction = await predictionOf(candidateLogits).finally(() => candidateLogits.dispose());
  const candidateValues = (await winners.adversarial.data()) as Float32Array;
  checkFinite(candidateValues, `points of attack '${attack.name}'`);
  checkImages(candidateValues, model.bounds, `points of attack '${attack.name}'`);
  const distances = exactDistances(threat.norm, candidateValues, cleanValues, n);
  const wasFound = await winners.found.data();

  const success = new Uint8Array(n);
  const closest = new Float64Array(n).fill(Infinity);
  let unconfirmed = 0;
  const limit = threat.epsilon + slackOf(threat, cleanValues.length / n);
  for (let i = 0; i < n; i++) {
    if (!wasFound[i]) continue;
    const predicted = candidatePrediction[i]!;
    const fooled = done[i]! > 0 || (targetValues ? predicted === targetValues[i] : predicted !== labelValues[i]);
    if (!fooled) {
      unconfirmed++;
      continue;
    }
    closest[i] = distances[i]!;
    if (distances[i]! <= limit) success[i] = 1;
    else if (attack.definition.budget === 'fixed')
      throw new AdvrobError(
        'ADVROB_ATTACK',
        `attack '${attack.name}' returned a point at ${threat.norm} distance ${distances[i]!} for example ${i}, outside of epsilon ${threat.epsilon}: ` +
          'project every point that is offered',
      );
  }

  const adversarial = tf.tidy(() => select(tf.tensor1d(success, 'bool'), winners.adversarial, examples.x));
  const queries = await winners.queries.data();
  let withstood = 0;
  for (let i = 0; i < n; i++) if (!success[i] && cleanPrediction[i] === labelValues[i]) withstood++;
  return {
    success,
    adversarial,
    distance: distances.map((distance, i) => (success[i] ? distance : 0)),
    closest,
    queries: Int32Array.from(queries, Math.round),
    cleanPrediction,
    prediction: cleanPrediction.map((predicted, i) => (success[i] ? candidatePrediction[i]! : predicted)),
    fooledBy: Array.from(success, (hit, i) => (!hit ? null : done[i]! > 0 ? 'clean' : (foundBy.get(i) ?? attack.name))),
    unconfirmed,
    notFinite: {
      points: success.filter((hit, i) => hit && done[i] === 0 && candidatePrediction[i] === -1).length,
      gradients: await session.gradients.read(),
    },
    robustAccuracy: withstood / n,
  };
}

/** Predicted classes of logits; -1 where one is NaN. */
export async function predictionOf(logits: Tensor): Promise<Int32Array> {
  const labels = tf.tidy(() => labelsOf(logits));
  try {
    return Int32Array.from(await labels.data());
  } finally {
    labels.dispose();
  }
}

/** Distances of `n` rows in float64. */
export function exactDistances(norm: Norm, adversarial: Float32Array, clean: Float32Array, n: number): Float64Array {
  const size = clean.length / n;
  return Float64Array.from({ length: n }, (_, row) => {
    let sum = 0;
    let largest = 0;
    let changed = 0;
    for (let i = row * size; i < (row + 1) * size; i++) {
      const change = Math.abs(adversarial[i]! - clean[i]!);
      if (change === 0) continue;
      changed++;
      largest = Math.max(largest, change);
      sum += norm === 'l2' ? change * change : change;
    }
    return { linf: largest, l2: Math.sqrt(sum), l1: sum, l0: changed }[norm];
  });
}
