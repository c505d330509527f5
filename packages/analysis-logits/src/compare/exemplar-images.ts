import { settle, type Dataset, type Extras } from '@advrob/core';
import { encodeFloats } from '@advrob/evaluation';
import * as tf from '@tensorflow/tfjs-core';
import type { ConfidenceComparison } from './confidences.js';
import { exemplarPositions } from './exemplars.js';

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
  /** float32 values of the example, row-major, as base64 of little-endian bytes (`decodeFloats` of `@advrob/evaluation`). */
  readonly image: string;
};

/** The two ends of one kind of difference, the most extreme first. */
export type ExemplarGrid = {
  /** The robust model is the more confident one. */
  readonly positive: readonly Exemplar[];
  /** The standard model is. */
  readonly negative: readonly Exemplar[];
};

/** The examples of `count` a side with the largest differences of confidence, and of its rank, with their pixels. */
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
