import { quantileShares } from '../logit-statistics.js';
import { measureNames, measureTitles } from '../measures.js';
import type { Described } from '../figures/histograms.js';

/** A table as plain JSON; null where a value does not exist. */
export type TableJson = {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
};

/** Mean, deviation, skewness and quantiles of every measure, one row each. */
export function statisticsTable(all: readonly Described[]): TableJson {
  return {
    title: 'Distributions of the logits',
    columns: [
      'Model',
      'Inputs',
      'Measure',
      'Mean',
      'Standard deviation',
      'Skewness',
      ...quantileShares.map((share) => `${100 * share}% quantile`),
      'Correlation with the gap',
    ],
    rows: all.flatMap(({ model, inputs, statistics }) =>
      measureNames.map((name) => {
        const { mean, std, skewness, quantiles } = statistics.measures[name];
        const correlation = {
          max: statistics.maxGapCorrelation,
          centredMax: statistics.centredMaxGapCorrelation,
        }[name as 'max'];
        return [model, inputs, measureTitles[name], mean, std, skewness, ...quantiles, correlation ?? null];
      }),
    ),
  };
}
