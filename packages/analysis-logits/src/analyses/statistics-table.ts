import type { Table } from '@advrob/core/figure';
import type { Described } from '../figures/histograms.js';
import { quantileShares } from '../logit-statistics.js';
import { measureNames, measureTitles } from '../measures.js';

/** Mean, deviation, skewness and quantiles of every measure, one row each. */
export function statisticsTable(all: readonly Described[]): Table {
  const quantileKeys = quantileShares.map((share) => `q${100 * share}`);
  return {
    id: 'logit-distributions',
    title: 'Distributions of the logits',
    columns: {
      model: 'Model',
      inputs: 'Inputs',
      measure: 'Measure',
      mean: 'Mean',
      std: 'Standard deviation',
      skewness: 'Skewness',
      ...Object.fromEntries(quantileShares.map((share, i) => [quantileKeys[i]!, `${100 * share}% quantile`])),
      gapCorrelation: 'Correlation with the gap',
    },
    rows: all.flatMap(({ model, inputs, statistics }) =>
      measureNames.map((name) => {
        const { mean, std, skewness, quantiles } = statistics.measures[name];
        return {
          model,
          inputs,
          measure: measureTitles[name],
          mean,
          std,
          skewness,
          ...Object.fromEntries(quantiles.map((value, i) => [quantileKeys[i]!, value])),
          gapCorrelation:
            { max: statistics.maxGapCorrelation, centredMax: statistics.centredMaxGapCorrelation }[name as 'max'] ??
            null,
        };
      }),
    ),
  };
}
