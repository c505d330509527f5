import { AdvrobError, type Norm } from '@advrob/core';
import type { ExampleRecord } from './record/example.js';
import type { ModelResult } from './record/model-result.js';
import { mcNemar, type PairedTest } from './statistics/mcnemar.js';
import { pairedBootstrap, type BootstrapOptions, type PairedDifference } from './statistics/paired-bootstrap.js';
import { proportionOf, type Proportion } from './statistics/proportion.js';

/**
 * A model with its verdicts: an `Evaluation`, or a model of a record with the examples of
 * `examples.jsonl`.
 */
export interface JudgedModel {
  readonly result: ModelResult;
  readonly examples: readonly ExampleRecord[];
}

/** Two models under one measure, on the same examples. */
export interface PairedComparison {
  readonly kind: 'clean' | 'attack' | 'worst';
  /** Label of the attack. */
  readonly attack?: string;
  readonly norm?: Norm;
  readonly epsilon?: number;
  readonly first: Proportion;
  readonly second: Proportion;
  /** Rate of the first minus that of the second, with the interval of the paired bootstrap. */
  readonly difference: PairedDifference;
  /** McNemar's exact test. */
  readonly test: PairedTest;
}

export interface ModelComparison {
  readonly first: string;
  readonly second: string;
  readonly comparisons: readonly PairedComparison[];
  /** What cannot be compared, and why. */
  readonly skipped: readonly string[];
}

type Attacked = ExampleRecord['attacks'][number];
type Holds = (example: ExampleRecord) => boolean;

/**
 * Compares two models example by example: clean accuracy, every attack with the same settings at
 * the same epsilon, and the worst case where both were attacked alike. Far sharper than two
 * separate intervals, as most examples are easy or hard for both. P-values are for one comparison
 * each.
 *
 * @throws AdvrobError `ADVROB_SHAPE` when the two were not judged on the same examples in one
 *   order.
 * @example
 * ```ts
 * import { compareModels, evaluate } from '@advrob/evaluation';
 * const first = await evaluate({ model: a, ...rest });
 * const { comparisons } = compareModels(first, await evaluate({ model: b, ...rest }));
 * comparisons[0].difference.interval; // of the difference of clean accuracies
 * ```
 */
export function compareModels(
  first: JudgedModel,
  second: JudgedModel,
  options: BootstrapOptions = {},
): ModelComparison {
  checkSameExamples(first.examples, second.examples);
  const skipped: string[] = [];
  const compare = (about: Pick<PairedComparison, 'kind' | 'attack' | 'norm' | 'epsilon'>, holds: Holds) => {
    const [a, b] = [first, second].map(({ examples }) => examples.map(holds)) as [boolean[], boolean[]];
    const share = (verdicts: boolean[]): Proportion => proportionOf(verdicts.filter(Boolean).length, verdicts.length);
    return {
      ...about,
      first: share(a),
      second: share(b),
      difference: pairedBootstrap(a, b, options),
      test: mcNemar(a, b),
    };
  };
  const comparisons: PairedComparison[] = [compare({ kind: 'clean' }, ({ cleanCorrect }) => cleanCorrect)];
  const shared = sharedPoints(first.result, second.result, skipped);
  for (const { label, norm, epsilon } of shared)
    comparisons.push(
      compare({ kind: 'attack', attack: label, norm, epsilon }, (example) =>
        withstood(example, (one) => one.attack === label && one.epsilon === epsilon),
      ),
    );
  if (skipped.length === 0)
    for (const { norm, points } of first.result.worstCase)
      for (const { epsilon } of points)
        comparisons.push(
          compare({ kind: 'worst', norm, epsilon }, (example) =>
            withstood(example, (one) => one.norm === norm && one.epsilon <= epsilon),
          ),
        );
  return { first: first.result.name, second: second.result.name, comparisons, skipped };
}

/**
 * An attack that was not run on an example, as an earlier one had fooled it, is answered for by
 * that one.
 */
function withstood({ cleanCorrect, attacks }: ExampleRecord, counts: (attack: Attacked) => boolean): boolean {
  const own = attacks.filter(counts);
  if (!cleanCorrect || own.some(({ success }) => success)) return false;
  return own.length > 0 || !attacks.some(({ success }) => success);
}

/**
 * Attacks that both models faced with the same settings, at the epsilons that both have; what only
 * one of them faced goes to `skipped`.
 */
function sharedPoints(
  first: ModelResult,
  second: ModelResult,
  skipped: string[],
): { label: string; norm: Norm; epsilon: number }[] {
  const points = first.attacks.flatMap((attack) => {
    const other = second.attacks.find(({ label }) => label === attack.label);
    if (!other || settings(attack) !== settings(other)) {
      skipped.push(
        `'${attack.label}': ${other ? 'the two models were attacked with different settings' : `only '${first.name}' was attacked with it`}`,
      );
      return [];
    }
    return attack.points.flatMap(({ epsilon }) => {
      if (other.points.some((point) => point.epsilon === epsilon))
        return [{ label: attack.label, norm: attack.norm, epsilon }];
      skipped.push(`'${attack.label}' at epsilon ${epsilon}: only '${first.name}' was judged there`);
      return [];
    });
  });
  for (const { label, points: others } of second.attacks) {
    const own = first.attacks.find((attack) => attack.label === label);
    if (!own) skipped.push(`'${label}': only '${second.name}' was attacked with it`);
    for (const { epsilon } of own ? others : [])
      if (!own!.points.some((point) => point.epsilon === epsilon))
        skipped.push(`'${label}' at epsilon ${epsilon}: only '${second.name}' was judged there`);
  }
  return points;
}

function settings({ attack, options, norm, restarts, loss }: ModelResult['attacks'][number]): string {
  return JSON.stringify([attack, options, norm, restarts, loss]);
}

function checkSameExamples(first: readonly ExampleRecord[], second: readonly ExampleRecord[]): void {
  const place =
    first.length !== second.length
      ? Math.min(first.length, second.length)
      : first.findIndex(({ index, label }, i) => index !== second[i]!.index || label !== second[i]!.label);
  if (place >= 0)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `expected the same examples in the same order for both models, got ${first.length} and ${second.length} that differ from place ${place} on: evaluate both on one data set`,
    );
}
