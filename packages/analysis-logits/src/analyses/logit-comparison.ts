import { defineAnalysis } from '@advrob/core';
import type { AnalysisContext, Dataset } from '@advrob/core';
import * as z from 'zod';
import { checkSameClasses, collectLogits } from '../collect.js';
import { compareOrdering } from '../compare/class-ordering.js';
import { compareConfidences } from '../compare/confidences.js';
import { exemplarGallery, exemplarGrids, withoutPictures } from '../compare/exemplars.js';
import { meanLogitMap } from '../compare/mean-logit-map.js';
import { confidenceScatter } from '../figures/confidence-scatter.js';
import { histogramFigure } from '../figures/histograms.js';
import { meanLogitHeatMap } from '../figures/mean-logit-heat-map.js';
import { measureNames } from '../measures.js';
import { checkInputs, collectOptions, inputFields, statisticsOf } from './inputs.js';
import type { InputOptions } from './inputs.js';
import { comparisonSentences } from './sentences.js';
import { statisticsTable } from './statistics-table.js';

type Options = InputOptions & { readonly exemplars: number; readonly points: number };
type Context = AnalysisContext<'standard' | 'robust'>;

/**
 * A standard beside a robust model: the distributions of their logits in common bins; on which
 * examples they differ in confidence (differences, differences of rank, Spearman's rho, the most
 * extreme examples with their pixels); and how they order the classes that they do not predict
 * (Kendall's tau, overlap of the best three, mean non-max logits). Result:
 * `{ examples, statistics: { standard, robust }, confidence, ordering, maps, exemplars, findings, tables, figures, galleries }`,
 * plain JSON; the pixels of the exemplars are in the gallery. `ordering` is null with fewer than 4
 * classes, where nothing is left to order.
 *
 * @throws AdvrobError `ADVROB_DATA_EMPTY`, `ADVROB_SHAPE`, `ADVROB_BOUNDS`, `ADVROB_LABEL`,
 *   `ADVROB_NOT_FINITE` or `ADVROB_PROBABILITIES` for models or data that it cannot treat.
 * @example
 * ```ts
 * import { logitComparison } from '@advrob/analysis-logits';
 * const analysis = logitComparison({ exemplars: 25 });
 * ```
 */
export const logitComparison = defineAnalysis({
  name: 'logit-comparison',
  summary: 'Logit distributions, confidences and class orders of a standard beside a robust model.',
  paper:
    'Seguin et al. 2021, Understanding the Logit Distributions of Adversarially-Trained Deep Neural Networks, https://arxiv.org/abs/2108.12001',
  roles: ['standard', 'robust'],
  options: z.strictObject({
    ...inputFields,
    exemplars: z.int().min(1).max(100).default(16).describe('examples on each side of a grid'),
    points: z.int().min(0).max(20_000).default(1000).describe('most examples that the scatter shows'),
  }),
  check(subject, options) {
    checkSameClasses(subject.models);
    checkInputs(subject, options);
  },
  async analyze(context, options) {
    const { models, data } = context;
    const statistics = {
      standard: await statisticsOf('standard', models.standard, context, options),
      robust: await statisticsOf('robust', models.robust, context, options),
    };
    const all = Object.entries(statistics).flatMap(([model, byInputs]) =>
      Object.entries(byInputs).map(([inputs, of]) => ({ model, inputs, statistics: of })),
    );
    const { figures, grids, ...compared } = await context.memo('comparison', () => compare(context, options));
    return {
      examples: data.length,
      statistics,
      ...compared,
      exemplars: {
        shape: [...data.inputShape],
        bounds: [...data.bounds],
        classNames: data.classNames ? [...data.classNames] : null,
        ...withoutPictures(grids),
      },
      findings: comparisonSentences(statistics, compared.confidence, compared.ordering),
      galleries: [exemplarGallery(grids, data.inputShape, data.bounds, (label) => classNameOf(data, label))],
      tables: [statisticsTable(all)],
      figures: [...measureNames.map((name) => histogramFigure(name, all, options.bins)), ...figures],
    };
  },
});

/** Everything that needs the logits of both models on the same clean examples. */
async function compare(context: Context, options: Options) {
  const { models, data } = context;
  const standard = await collectLogits(models.standard, data, collectOptions('standard', context, options));
  const robust = await collectLogits(models.robust, data, collectOptions('robust', context, options));
  const confidence = compareConfidences(standard.logits, robust.logits, standard.labels);
  const maps = { standard: meanLogitMap(standard.logits), robust: meanLogitMap(robust.logits) };
  const bothCorrect = confidence.bothCorrect.filter(Boolean).length;
  return {
    confidence: {
      spearman: confidence.spearman,
      meanDifference: confidence.differences.reduce((sum, value) => sum + value, 0) / data.length,
      bothCorrect,
    },
    ordering: orderingOf(standard.logits, robust.logits),
    maps,
    grids: await exemplarGrids(data, confidence, options.exemplars),
    figures: [
      confidenceScatter(confidence, options.points),
      meanLogitHeatMap(maps, (label) => classNameOf(data, label)),
    ],
  };
}

function orderingOf(...both: Parameters<typeof compareOrdering>) {
  if (both[0].classes < 4) return null;
  const { meanTau, meanOverlap } = compareOrdering(...both);
  return { meanTau, meanOverlap };
}

function classNameOf({ classNames }: Dataset, label: number): string {
  return classNames?.[label] ?? String(label);
}
