import type { Classifier, Dataset, Extras } from '@advrob/core';
import { logitBatches } from './collect.js';
import type { CollectOptions, LogitBatch } from './collect.js';
import { rowOf, topTwo } from './logit-matrix.js';
import { measureNames, measuresOf } from './measures.js';
import type { MeasureName } from './measures.js';
import {
  addPair,
  addValue,
  correlationOf,
  deviationOf,
  noCoMoment,
  noMoments,
  skewnessOf,
} from './statistics/moments.js';
import type { CoMoment, Moments } from './statistics/moments.js';
import { createHistogram, quantileOf } from './statistics/dyadic-histogram.js';
import type { DyadicHistogram, HistogramBuilder } from './statistics/dyadic-histogram.js';

/** The shares at which quantiles are reported. */
export const quantileShares = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** How one measure is distributed over the examples. */
export type Distribution = {
  readonly mean: number;
  /** Of the population: divided by the number of examples. */
  readonly std: number;
  /** `E[((v - mean) / std)^3]`; null for a constant. */
  readonly skewness: number | null;
  readonly min: number;
  readonly max: number;
  /** At {@link quantileShares}; each off by at most one of up to 4096 bins. */
  readonly quantiles: readonly number[];
  /** Up to 4096 bins; in the result of an analysis, as many as are drawn. */
  readonly histogram: DyadicHistogram;
};

/** Statistics of the logits of one model on one kind of inputs. */
export type LogitStatistics = {
  readonly examples: number;
  /** Share of examples classified rightly. */
  readonly accuracy: number;
  readonly measures: Readonly<Record<MeasureName, Distribution>>;
  /** Pearson's correlation of max logit and gap; null when one is constant. */
  readonly maxGapCorrelation: number | null;
  /** The same of the centred max logit. */
  readonly centredMaxGapCorrelation: number | null;
};

interface Tally {
  moments: Moments;
  min: number;
  max: number;
  readonly histogram: HistogramBuilder;
}

/** Statistics that grow batch by batch, in memory that does not. */
export interface StatisticsBuilder {
  add(batch: Pick<LogitBatch, 'logits' | 'labels'>): void;
  statistics(): LogitStatistics;
}

/** An empty {@link StatisticsBuilder}, for logits that come from elsewhere than a model. */
export function createLogitStatistics(): StatisticsBuilder {
  const tallies = new Map<MeasureName, Tally>(
    measureNames.map((name) => [
      name,
      { moments: noMoments, min: Infinity, max: -Infinity, histogram: createHistogram() },
    ]),
  );
  let correct = 0;
  let [raw, centred]: [CoMoment, CoMoment] = [noCoMoment, noCoMoment];
  return {
    add({ logits, labels }) {
      for (let row = 0; row < logits.rows; row++) {
        const values = rowOf(logits, row);
        const measures = measuresOf(values, labels[row]!);
        for (const [name, tally] of tallies) addTo(tally, measures[name]);
        raw = addPair(raw, measures.max, measures.gap);
        centred = addPair(centred, measures.centredMax, measures.gap);
        if (topTwo(values)[0] === labels[row]) correct++;
      }
    },
    statistics: () => ({
      examples: raw.count,
      accuracy: correct / raw.count,
      measures: Object.fromEntries(
        [...tallies].map(([name, tally]) => [name, distributionOf(tally)]),
      ) as LogitStatistics['measures'],
      maxGapCorrelation: correlationOf(raw),
      centredMaxGapCorrelation: correlationOf(centred),
    }),
  };
}

function addTo(tally: Tally, value: number): void {
  tally.moments = addValue(tally.moments, value);
  tally.min = Math.min(tally.min, value);
  tally.max = Math.max(tally.max, value);
  tally.histogram.add(value);
}

function distributionOf({ moments, min, max, histogram }: Tally): Distribution {
  const bins = histogram.histogram();
  return {
    mean: moments.mean,
    std: deviationOf(moments),
    skewness: skewnessOf(moments),
    min,
    max,
    quantiles: quantileShares.map((share) => quantileOf(bins, share)),
    histogram: bins,
  };
}

/**
 * Max logit (raw and centred), logit gap, confidence and true-class confidence of a model over a
 * data set: mean, standard deviation, skewness, quantiles, histogram, and how max logit and gap go
 * together (Seguin et al. 2021, https://arxiv.org/abs/2108.12001). One pass; memory does not grow
 * with the data.
 *
 * With `attack` the same at adversarial examples of this model.
 *
 * @throws AdvrobError `ADVROB_DATA_EMPTY`, `ADVROB_SHAPE`, `ADVROB_BOUNDS`, `ADVROB_LABEL` when
 *   model and data do not fit, `ADVROB_NOT_FINITE` and `ADVROB_PROBABILITIES` for outputs that are
 *   no logits, `ADVROB_ATTACK_MISSING` for an attack without a threat, `ADVROB_ABORTED` on request.
 * @example
 * ```ts
 * import { logitStatistics } from '@advrob/analysis-logits';
 * const { measures } = await logitStatistics(model, data);
 * console.log(measures.gap.mean, measures.gap.skewness);
 * ```
 */
export async function logitStatistics<E extends Extras>(
  model: Classifier,
  data: Dataset<E>,
  options: CollectOptions = {},
): Promise<LogitStatistics> {
  const builder = createLogitStatistics();
  for await (const batch of logitBatches(model, data, options)) builder.add(batch);
  return builder.statistics();
}
