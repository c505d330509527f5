import { figure } from '@advrob/core/figure';
import type { Figure } from '@advrob/core/figure';
import type { LogitStatistics } from '../logit-statistics.js';
import { measureTitles } from '../measures.js';
import type { MeasureName } from '../measures.js';
import { commonBins } from '../statistics/dyadic-histogram.js';

/** Statistics with what they are of. */
export interface Described {
  /** e.g. `standard`. */
  readonly model: string;
  /** e.g. `clean`. */
  readonly inputs: string;
  readonly statistics: LogitStatistics;
}

/**
 * Histograms of one measure in common bins: models in colours, kinds of inputs below each other.
 */
export function histogramFigure(measure: MeasureName, all: readonly Described[], maxBins: number): Figure {
  const histograms = commonBins(
    all.map(({ statistics }) => statistics.measures[measure].histogram),
    maxBins,
  );
  const rows = all.flatMap(({ model, inputs, statistics }, i) => {
    const { exponent, first, counts } = histograms[i]!;
    const width = 2 ** exponent;
    return counts.map((count, bin) => ({
      model,
      inputs,
      low: (first + bin) * width,
      high: (first + bin + 1) * width,
      share: count / statistics.examples,
    }));
  });
  const title = measureTitles[measure];
  const means = all.map(({ model, inputs, statistics }) => {
    const { mean, skewness } = statistics.measures[measure];
    return `${model}, ${inputs}: mean ${shortNumber(mean)}, skewness ${shortNumber(skewness)}`;
  });
  const inputs = [...new Set(all.map((each) => each.inputs))];
  const models = [...new Set(all.map(({ model }) => model))];
  return figure(
    {
      id: `logits-${measure.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      title: `${title}: distribution over the examples`,
      columns: { model: 'Model', inputs: 'Inputs', low: 'From', high: 'To', share: 'Share of examples' },
      rows,
    },
    {
      caption: `Share of the examples in each bin; all histograms have the same bins. ${means.join('; ')}.`,
      alt: `Histograms of ${title.toLowerCase()}. ${means.join('; ')}.`,
    },
    {
      width: 560,
      height: 200,
      mark: { type: 'bar', opacity: 0.55 },
      encoding: {
        x: { field: 'low', type: 'quantitative', bin: { binned: true }, axis: { title } },
        x2: { field: 'high' },
        y: { field: 'share', type: 'quantitative', stack: null, axis: { title: 'Share of examples', format: '%' } },
        color: { field: 'model', type: 'nominal', title: 'Model', sort: models },
        row: { field: 'inputs', type: 'nominal', title: null, sort: inputs },
      },
    },
  );
}

/** A number for captions. */
export function shortNumber(value: number | null): string {
  return value === null ? 'undefined' : value.toFixed(2);
}
