import { meanOf } from '@advrob/core/statistics';
import type { ModelResult } from '../record/model-result.js';
import { quantile } from '../statistics/quantile.js';
import { isRight } from './judge.js';
import type { BatchOutcome } from './outcome.js';

type MinimalNorm = NonNullable<ModelResult['attacks'][number]['minimal']>;

/** Shares at which the distances are given. */
const shares = [0.05, 0.25, 0.5, 0.75, 0.95];
/** Points of the curve at most. */
const most = 200;

/**
 * Statistics of the smallest distances that run number `run` found. Undefined for a fixed budget,
 * and when some rightly classified examples were left out because an earlier attack had fooled
 * them: the rest would look more robust than the model is.
 */
export function minimalNorm(run: number, outcomes: readonly BatchOutcome[]): MinimalNorm | undefined {
  const distances: number[] = [];
  let total = 0;
  for (const outcome of outcomes) {
    const { rows, closest } = outcome.attacks[run]!;
    if (closest === undefined) return undefined;
    const found = new Map(rows.map((row, i) => [row, closest[i] ?? Infinity]));
    total += outcome.clean!.labels.length;
    for (let row = 0; row < outcome.clean!.labels.length; row++) {
      if (!isRight(outcome.clean!, row)) continue;
      if (!found.has(row)) return undefined;
      distances.push(found.get(row)!);
    }
  }
  distances.sort((a, b) => a - b);
  const finite = distances.filter((distance) => distance < Infinity);
  const at = (share: number): number | null => {
    const value = distances.length === 0 ? Infinity : quantile(distances, share);
    return Number.isFinite(value) ? value : null;
  };
  return {
    examples: distances.length,
    found: finite.length,
    mean: finite.length === 0 ? null : meanOf(finite),
    median: at(0.5),
    quantiles: shares.map((share) => ({ share, distance: at(share) })),
    curve: curveOf(finite, distances.length, total),
  };
}

/**
 * Steps of robust accuracy: [distance, share of all `total` examples that need more than it],
 * thinned evenly.
 */
export function curveOf(sorted: readonly number[], right: number, total: number): [number, number][] {
  const steps = sorted.map((distance, i): [number, number] => [distance, (right - i - 1) / total]);
  // Of equal distances the last one counts.
  const distinct = steps.filter(([distance], i) => steps[i + 1]?.[0] !== distance);
  const stride = Math.max(1, distinct.length / most);
  const kept = Array.from(
    { length: Math.min(most, distinct.length) },
    (_, i) => distinct[Math.min(distinct.length, Math.round((i + 1) * stride)) - 1]!,
  );
  return [[0, total === 0 ? 0 : right / total], ...kept];
}
