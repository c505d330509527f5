import { definePlugin } from '@advrob/core';
import { logitComparison } from './analyses/logit-comparison.js';
import { logitStatisticsAnalysis } from './analyses/logit-statistics.js';
import { manipulatedDistillation } from './analyses/manipulated-distillation.js';
import { distillationTrainer } from './distillation/recipe.js';

export { collectLogits } from './collect.js';
export { type LogitBatch } from './collect.js';
export type { CollectOptions } from './collect.js';
export { compareOrdering, type ClassOrdering } from './compare/class-ordering.js';
export { compareConfidences, type ConfidenceComparison, type Confidences } from './compare/confidences.js';
export { exemplarPositions, type ExemplarPositions } from './compare/exemplars.js';
export { exemplarGrids, type Exemplar, type ExemplarGrid } from './compare/exemplars.js';
export { meanLogitMap, type MeanLogitMap } from './compare/mean-logit-map.js';
export { logitMatrix, type LogitMatrix } from './logit-matrix.js';
export { logitStatistics, type Distribution, type LogitStatistics } from './logit-statistics.js';
export { type LogitMeasures, type MeasureName } from './measures.js';
export {
  manipulate,
  manipulationIds,
  manipulations,
  type ManipulateOptions,
  type ManipulationId,
} from './manipulations/catalogue.js';
export type { Manipulation, Teachers } from './manipulations/manipulation.js';
export { commonBins, type DyadicHistogram } from './statistics/dyadic-histogram.js';
export { spearman } from './statistics/ranks.js';
export { distill, type DistillOptions } from './distillation/distill.js';
export {
  marginRobustness,
  type MarginRobustness,
  type MarginRobustnessOptions,
  type RobustPoint,
  type Share,
} from './distillation/margin-robustness.js';
export type { Figure, Table } from '@advrob/core/figure';
export { distillationTrainer, logitComparison, logitStatisticsAnalysis, manipulatedDistillation };

export default definePlugin({
  name: '@advrob/analysis-logits',
  contract: 1,
  trainers: { distillation: distillationTrainer },
  analyses: {
    'logit-statistics': logitStatisticsAnalysis,
    'logit-comparison': logitComparison,
    'manipulated-distillation': manipulatedDistillation,
  },
});
