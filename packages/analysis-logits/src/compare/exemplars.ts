import { settle } from '@advrob/core';
import type { Dataset, Extras } from '@advrob/core';
import { encodeFloats } from '@advrob/evaluation';
import * as tf from '@tensorflow/tfjs-core';
import type { Gallery } from '@advrob/core/figure';
import type { ConfidenceComparison } from './confidences.js';

/** Positions in the data of the examples that a grid shows, the most extreme first. */
export interface ExemplarPositions {
  /** The robust model is more confident. */
  readonly positive: readonly number[];
  /** The standard model is more confident. */
  readonly negative: readonly number[];
}

/**
 * The `count` examples with the largest and with the smallest difference, among those that both
 * models classify rightly: there a difference of confidence is no mistake. Of equal differences the
 * earlier example comes first; an example of difference 0 is in neither list.
 */
export function exemplarPositions(
  { bothCorrect }: Pick<ConfidenceComparison, 'bothCorrect'>,
  differences: ArrayLike<number>,
  count: number,
): ExemplarPositions {
  const sorted = bothCorrect
    .flatMap((isShown, i) => (isShown ? [i] : []))
    .sort((a, b) => differences[b]! - differences[a]! || a - b);
  return {
    positive: sorted.filter((i) => differences[i]! > 0).slice(0, count),
    negative: sorted
      .filter((i) => differences[i]! < 0)
      .sort((a, b) => differences[a]! - differences[b]! || a - b)
      .slice(0, count),
  };
}

type Verdict = {
  readonly prediction: number;
  /** Softmax probability of that class. */
  readonly confidence: number;
};

/** An example of a grid. */
export type Exemplar = {
  /** Identity in the whole data set. */
  readonly id: number;
  readonly label: number;
  readonly standard: Verdict;
  readonly robust: Verdict;
  /** `c(robust) - c(standard)`. */
  readonly difference: number;
  /** The same of the ranks, divided by the number of examples. */
  readonly rankDifference: number;
  /**
   * float32 values of the example, row-major, as base64 of little-endian bytes (`decodeFloats` of
   * `@advrob/evaluation`).
   */
  readonly image: string;
};

/** The two ends of one kind of difference, the most extreme first. */
export type ExemplarGrid = {
  /** The robust model is the more confident one. */
  readonly positive: readonly Exemplar[];
  /** The standard model is. */
  readonly negative: readonly Exemplar[];
};

/**
 * The examples of `count` a side with the largest differences of confidence, and of its rank, with
 * their pixels.
 */
export async function exemplarGrids<E extends Extras>(
  data: Dataset<E>,
  comparison: ConfidenceComparison,
  count: number,
): Promise<{ readonly byConfidence: ExemplarGrid; readonly byRank: ExemplarGrid }> {
  const gridOf = async (differences: Float64Array): Promise<ExemplarGrid> => {
    const { positive, negative } = exemplarPositions(comparison, differences, count);
    return {
      positive: await exemplarsAt(data, comparison, positive),
      negative: await exemplarsAt(data, comparison, negative),
    };
  };
  return { byConfidence: await gridOf(comparison.differences), byRank: await gridOf(comparison.rankDifferences) };
}

async function exemplarsAt<E extends Extras>(
  data: Dataset<E>,
  comparison: ConfidenceComparison,
  positions: readonly number[],
): Promise<Exemplar[]> {
  if (positions.length === 0) return [];
  const found: Exemplar[] = [];
  for await (const { x, y, ids, extras } of data.subset(Int32Array.from(positions)).batches({ size: positions.length }))
    try {
      await settle(x);
      const [values, labels] = [Float32Array.from(await x.data()), await y.data()];
      const size = values.length / ids.length;
      ids.forEach((id, row) => {
        const position = positions[found.length]!;
        found.push({
          id,
          label: labels[row]!,
          standard: verdictAt(comparison.standard, position),
          robust: verdictAt(comparison.robust, position),
          difference: comparison.differences[position]!,
          rankDifference: comparison.rankDifferences[position]!,
          image: encodeFloats(values.slice(row * size, (row + 1) * size)),
        });
      });
    } finally {
      tf.dispose([x, y, extras]);
    }
  return found;
}

function verdictAt({ predictions, confidences }: ConfidenceComparison['standard'], position: number): Verdict {
  return { prediction: predictions[position]!, confidence: confidences[position]! };
}

type Grids = { readonly byConfidence: ExemplarGrid; readonly byRank: ExemplarGrid };
type Unpictured<G> = { readonly [side in keyof G]: readonly Omit<Exemplar, 'image'>[] };

/**
 * The grids for a report: the most extreme examples of each side with what both models say of them.
 */
export function exemplarGallery(
  { byConfidence, byRank }: Grids,
  shape: readonly number[],
  bounds: readonly number[],
  nameOf: (label: number) => string,
): Gallery {
  const pictures = (exemplars: readonly Exemplar[], change: (exemplar: Exemplar) => string) =>
    exemplars.map((exemplar) => {
      const { image, id, label, standard, robust } = exemplar;
      const confidences = `${share(standard.confidence)} → ${share(robust.confidence)}`;
      return {
        image,
        alt: `Example ${id}, class ${nameOf(label)}`,
        lines: [nameOf(label), confidences, change(exemplar)],
      };
    });
  const points = ({ difference }: Exemplar): string => `${signed(100 * difference)} points`;
  const ranks = ({ rankDifference }: Exemplar): string => `rank ${signed(100 * rankDifference)}%`;
  return {
    id: 'exemplars',
    title: 'Examples on which the models differ most in confidence',
    caption:
      'Of the examples that both models classify rightly, those with the largest differences. Below each: the class, the confidence of the standard and of the robust model, and the difference. ' +
      'Ranks are blind to the robust model being less confident on the whole.',
    shape: [...shape],
    bounds: [...bounds],
    groups: [
      { title: 'The robust model is the more confident one', pictures: pictures(byConfidence.positive, points) },
      { title: 'The standard model is the more confident one', pictures: pictures(byConfidence.negative, points) },
      { title: 'Higher in the ranking of the robust model', pictures: pictures(byRank.positive, ranks) },
      { title: 'Higher in the ranking of the standard model', pictures: pictures(byRank.negative, ranks) },
    ],
  };
}

/** The grids without pixels, which the gallery has. */
export function withoutPictures({ byConfidence, byRank }: Grids): {
  readonly byConfidence: Unpictured<ExemplarGrid>;
  readonly byRank: Unpictured<ExemplarGrid>;
} {
  const strip = (exemplars: readonly Exemplar[]) => exemplars.map(({ image: _, ...exemplar }) => exemplar);
  const grid = ({ positive, negative }: ExemplarGrid) => ({ positive: strip(positive), negative: strip(negative) });
  return { byConfidence: grid(byConfidence), byRank: grid(byRank) };
}

function share(value: number): string {
  return value > 0.9995 ? '>99.9%' : `${(100 * value).toFixed(1)}%`;
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(1);
  return text === '0.0' ? text : `${value > 0 ? '+' : '−'}${text}`;
}
