import type { AttackOutcome, BatchOutcome } from './outcome.js';
import type { Judgement } from './plan.js';

/** A batch with one outcome per judgement in place of one per run; judgements whose run is still to come are left out. */
export function judgeBatch(judgements: readonly Judgement[], outcome: BatchOutcome): BatchOutcome {
  return {
    ...outcome,
    attacks: judgements.flatMap((judgement) => {
      const attack = outcome.attacks[judgement.run];
      return attack ? [judgeAt(judgement.epsilon, attack, outcome)] : [];
    }),
  };
}

/** What a minimal-norm attack has found up to `epsilon`; the outcome itself for a fixed budget. */
function judgeAt(epsilon: number, attack: AttackOutcome, { clean }: BatchOutcome): AttackOutcome {
  const { closest, rows } = attack;
  if (closest === undefined) return attack;
  const isInside = closest.map((distance) => distance !== null && distance <= epsilon);
  return {
    ...attack,
    success: isInside.map((inside) => (inside ? 1 : 0)),
    prediction: attack.prediction.map((predicted, i) => (isInside[i] ? predicted : clean!.predictions[rows[i]!]!)),
    fooledBy: attack.fooledBy.map((name, i) => (isInside[i] ? name : null)),
    distance: attack.distance.map((distance, i) => (isInside[i] ? distance : 0)),
  };
}
