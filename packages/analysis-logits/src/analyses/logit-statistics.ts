import { defineAnalysis } from '@advrob/core';
import * as z from 'zod';
import { histogramFigure } from '../figures/histograms.js';
import { measureNames } from '../measures.js';
import { checkInputs, inputFields, statisticsOf } from './inputs.js';
import { statisticsSentences } from './sentences.js';
import { statisticsTable } from './statistics-table.js';

/**
 * The logits of one model, on clean and adversarial inputs: max logit (raw and centred), gap,
 * confidence, their skewness and how they go together.
 *
 * Result: `{ examples, statistics: { clean, adversarial? }, findings, tables, figures }`, plain
 * JSON; figures are Vega-Lite specs.
 *
 * @throws AdvrobError `ADVROB_DATA_EMPTY`, `ADVROB_SHAPE`, `ADVROB_BOUNDS`, `ADVROB_LABEL`,
 *   `ADVROB_NOT_FINITE` or `ADVROB_PROBABILITIES` for a model or data that it cannot treat.
 * @example
 * ```ts
 * import { logitStatisticsAnalysis } from '@advrob/analysis-logits';
 * const analysis = logitStatisticsAnalysis({ attackSteps: 10 });
 * ```
 */
export const logitStatisticsAnalysis = defineAnalysis({
  name: 'logit-statistics',
  summary: 'Max logit, logit gap and confidence of a model on clean and adversarial inputs.',
  paper:
    'Seguin et al. 2021, Understanding the Logit Distributions of Adversarially-Trained Deep Neural Networks, https://arxiv.org/abs/2108.12001',
  roles: ['model'],
  options: z.strictObject(inputFields),
  check(subject, options) {
    checkInputs(subject, options);
  },
  async analyze(context, options) {
    const statistics = await statisticsOf('model', context.models.model, context, options);
    const all = Object.entries(statistics).map(([inputs, of]) => ({ model: 'model', inputs, statistics: of }));
    return {
      examples: context.data.length,
      statistics,
      findings: statisticsSentences(statistics),
      tables: [statisticsTable(all)],
      figures: measureNames.map((name) => histogramFigure(name, all, options.bins)),
    };
  },
});
