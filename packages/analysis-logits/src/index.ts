export { collectLogits } from './collect/collect-logits.js';
export { logitBatches, type LogitBatch } from './collect/logit-batches.js';
export type { CollectOptions } from './collect/options.js';
export { compareOrdering, type ClassOrdering } from './compare/class-ordering.js';
export {
  compareConfidences,
  confidencesOf,
  type ConfidenceComparison,
  type Confidences,
} from './compare/confidences.js';
export { exemplarPositions, type ExemplarPositions } from './compare/exemplars.js';
export { meanLogitMap, type MeanLogitMap } from './compare/mean-logit-map.js';
export { logitMatrix, type LogitMatrix } from './logit-matrix.js';
export {
  createLogitStatistics,
  logitStatistics,
  quantileShares,
  type Distribution,
  type LogitStatistics,
  type StatisticsBuilder,
} from './logit-statistics.js';
export { measureNames, measuresOf, type LogitMeasures, type MeasureName } from './measures.js';
export {
  manipulate,
  manipulationIds,
  manipulations,
  type ManipulateOptions,
  type ManipulationId,
} from './manipulations/catalogue.js';
export type { Manipulation, Teachers } from './manipulations/manipulation.js';
export {
  commonBins,
  createHistogram,
  quantileOf,
  type DyadicHistogram,
  type HistogramBuilder,
} from './statistics/dyadic-histogram.js';
export { kendallTau } from './statistics/kendall.js';
export { averageRanks, spearman } from './statistics/ranks.js';
export { distill, type DistillOptions } from './distillation/distill.js';
export {
  marginRobustness,
  type MarginRobustness,
  type MarginRobustnessOptions,
  type RobustPoint,
} from './distillation/margin-robustness.js';
export { distillationTrainer } from './distillation/recipe.js';
