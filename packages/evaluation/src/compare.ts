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
  /** In the order of the data set; gone through once for each comparison. */
  readonly examples: Iterable<ExampleRecord>;
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
  const skipped: string[] = [];
  const shared = sharedPoints(first.result, second.result, skipped);
  const measures: Measure[] = [
    { about: { kind: 'clean' }, holds: ({ cleanCorrect }) => cleanCorrect },
    ...shared.map(({ label, norm, epsilon }): Measure => ({
      about: { kind: 'attack', attack: label, norm, epsilon },
      holds: (example) => withstood(example, (one) => one.attack === label && one.epsilon === epsilon),
    })),
    ...(skipped.length > 0 ? [] : first.result.worstCase).flatMap(({ norm, points }) =>
      points.map(({ epsilon }): Measure => ({
        about: { kind: 'worst', norm, epsilon },
        holds: (example) => withstood(example, (one) => one.norm === norm && one.epsilon <= epsilon),
      })),
    ),
  ];
  const verdicts = verdictsOf(measures, first.examples, second.examples);
  const comparisons = measures.map(({ about }, i): PairedComparison => {
    const [a, b] = verdicts[i]!;
    return {
      ...about,
      first: share(a),
      second: share(b),
      difference: pairedBootstrap(a, b, options),
      test: mcNemar(a, b),
    };
  });
  return { first: first.result.name, second: second.result.name, comparisons, skipped };
}

/** What two models are compared by, and whether it holds for an example. */
interface Measure {
  readonly about: Pick<PairedComparison, 'kind' | 'attack' | 'norm' | 'epsilon'>;
  readonly holds: (example: ExampleRecord) => boolean;
}

/**
 * For each measure the verdicts on both models, 0 or 1, in one pass over both: of a million examples
 * only these are kept.
 *
 * @throws AdvrobError `ADVROB_SHAPE` for other examples, or in another order.
 */
function verdictsOf(
  measures: readonly Measure[],
  first: Iterable<ExampleRecord>,
  second: Iterable<ExampleRecord>,
): [Uint8Array, Uint8Array][] {
  let columns = measures.map((): [Uint8Array, Uint8Array] => [new Uint8Array(1024), new Uint8Array(1024)]);
  let length = 0;
  const others = second[Symbol.iterator]();
  try {
    for (const own of first) {
      const { value: other, done } = others.next();
      if (done === true || own.index !== other.index || own.label !== other.label) throw differing(length);
      if (length === columns[0]![0].length) columns = columns.map(([a, b]) => [enlarged(a), enlarged(b)]);
      measures.forEach(({ holds }, i) => {
        columns[i]![0][length] = Number(holds(own));
        columns[i]![1][length] = Number(holds(other));
      });
      length++;
    }
    if (others.next().done !== true) throw differing(length);
  } finally {
    others.return?.();
  }
  return columns.map(([a, b]) => [a.subarray(0, length), b.subarray(0, length)]);
}

function enlarged(column: Uint8Array): Uint8Array {
  const larger = new Uint8Array(2 * column.length);
  larger.set(column);
  return larger;
}

function differing(place: number): AdvrobError {
  return new AdvrobError(
    'ADVROB_SHAPE',
    `expected the same examples in the same order for both models, got others from place ${place} on: evaluate both on one data set`,
  );
}

function share(verdicts: Uint8Array): Proportion {
  return proportionOf(
    verdicts.reduce((sum, each) => sum + each, 0),
    verdicts.length,
  );
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
