import type { Norm } from '@advrob/core';
import type { AttackOutcome, BatchOutcome, CleanOutcome } from './outcome.js';
import type { Judgement, Plan } from './plan.js';

/**
 * A batch with one outcome per judgement in place of one per run; judgements whose run is still to
 * come are left out.
 */
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

/**
 * What decides whether an example is robust: every attack at every finite epsilon; where there is
 * none, whether any point was found, at whatever distance.
 */
export function verdictsOf({ runs, judgements }: Plan): readonly Judgement[] {
  if (judgements.length > 0) return judgements;
  return runs.map(({ entry, label, norm }, run) => ({ entry, label, norm, epsilon: Infinity, run }));
}

type Ball = { readonly norm: Norm; readonly epsilon: number };

/**
 * Whether a success of `earlier` counts against `later` too: an adversarial example of a smaller
 * ball in the same norm lies in the larger one.
 */
export function covers(earlier: Ball, later: Ball): boolean {
  return earlier.norm === later.norm && earlier.epsilon <= later.epsilon;
}

/**
 * The rows of a batch that run number `index` attacks: all, or those that nothing before has
 * decided.
 */
export function rowsToAttack(plan: Plan, outcome: BatchOutcome, index: number): number[] {
  const { labels, predictions } = outcome.clean!;
  const all = labels.map((_, row) => row).filter((row) => !plan.certifiers?.isSpared(plan, outcome, index, row));
  if (plan.attackOn === 'all') return all;
  const fooled = new Set<number>();
  const { norm, epsilons } = plan.runs[index]!;
  const ball = { norm, epsilon: epsilons[0] ?? Infinity };
  const earlier = plan.judgements.filter(({ run }) => run < index);
  judgeBatch(earlier, outcome).attacks.forEach(({ rows, success }, i) => {
    if (covers(earlier[i]!, ball)) rows.forEach((row, place) => success[place] && fooled.add(row));
  });
  return all.filter((row) => labels[row] === predictions[row] && !fooled.has(row));
}

/**
 * Forgets what attacks found on a batch before a certifier came that spares some of the rows or
 * contradicts it; of runs on survivors those after it too. Nothing while certificates are missing.
 */
export function forgetStale(plan: Plan, outcome: BatchOutcome): void {
  const { certifiers, certificates, runs, attackOn } = plan;
  const isCertified = Object.keys(outcome.certificates).length === certificates.length;
  if (certifiers === undefined || outcome.clean === undefined || !isCertified) return;
  let isStale = false;
  for (const run of runs.keys()) {
    const attack = outcome.attacks[run];
    if (attack === undefined) continue;
    const goesOn: boolean = isStale && attackOn === 'survivors';
    isStale =
      goesOn ||
      attack.rows.join() !== rowsToAttack(plan, outcome, run).join() ||
      certifiers.isContradicted(plan, outcome, run);
    if (isStale) delete outcome.attacks[run];
  }
}

/** Counts the examples of finished batches and the robust ones of them; `add` is told of each batch once. */
export function standingOf(plan: Plan): {
  readonly standing: { done: number; robust: number };
  add(finished: BatchOutcome): void;
} {
  const verdicts = verdictsOf(plan);
  const standing = { done: 0, robust: 0 };
  return {
    standing,
    add(finished) {
      const judged = judgeBatch(verdicts, finished);
      const rows = finished.clean!.labels.map((_, row) => row);
      standing.done += rows.length;
      standing.robust += rows.filter((row) => isRobust(judged, row)).length;
    },
  };
}

/** Whether a row was classified rightly and withstood everything. */
export function isRobust({ clean, attacks }: BatchOutcome, row: number): boolean {
  return isRight(clean!, row) && attacks.every((attack) => !isFooled(attack, row));
}

/** Whether the clean prediction is the label. */
export function isRight({ labels, predictions }: CleanOutcome, row: number): boolean {
  return labels[row] === predictions[row];
}

/** Whether the attack was run on this row and fooled the model. */
export function isFooled({ rows, success }: AttackOutcome, row: number): boolean {
  const place = placeOf(rows, row);
  return place >= 0 && success[place] === 1;
}

/** Where a row stands among ascending rows, or -1. */
export function placeOf(rows: readonly number[], row: number): number {
  return rows[row] === row ? row : rows.indexOf(row);
}
