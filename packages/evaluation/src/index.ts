export type { EvaluateOptions, EvaluationAttack } from './options.js';
export type { EvaluationProgress } from './progress/progress.js';
export { checkEvaluation, evaluate, type Evaluation, type EvaluationTiming } from './run/evaluate.js';
export { analysisName, analyze, type AnalyzeOptions } from './analysis/analyze.js';
export { checkAnalysis } from './analysis/check-analysis.js';
export { analysisResult, type AnalysisResult } from './record/analysis-result.js';
export type { DataDescription } from './record/data-description.js';
export { journalName } from './resume/journal.js';
export { hashModel } from './resume/model-hash.js';
export { decodeFloats, encodeFloats } from './resume/base64.js';
export { exampleRecord, examplesName, parseExamples, serializeExamples, type ExampleRecord } from './record/example.js';
export { adversarialName, readAdversarial, type AdversarialExamples } from './record/adversarial.js';
export { modelResult, type ModelResult } from './record/model-result.js';
export { trainingResult, type TrainingCurve, type TrainingResult } from './record/training-result.js';
export { trainingCurves, type LoggedMetrics } from './record/training-curves.js';
export { recordChecks, recordName, runRecord, type RecordedModel, type RunRecord } from './record/record.js';
export {
  createRecord,
  describeData,
  measuredData,
  parseRecord,
  recordJsonSchema,
  serializeRecord,
  withoutTiming,
  type RecordParts,
} from './record/create-record.js';
export { wilsonInterval } from './statistics/wilson.js';
export { proportionOf, type Proportion } from './statistics/proportion.js';
export { mcNemar, type PairedTest } from './statistics/mcnemar.js';
export { pairedBootstrap, type BootstrapOptions, type PairedDifference } from './statistics/paired-bootstrap.js';
export { checkRobustness, checksName, type RobustnessChecks } from './checks/check-robustness.js';
export type { CheckAttacks, CheckProgress, RobustnessCheckOptions } from './checks/options.js';
export { robustnessCheck, type RobustnessCheck } from './checks/robustness-check.js';
export {
  compareModels,
  type JudgedModel,
  type ModelComparison,
  type PairedComparison,
} from './compare/compare-models.js';
export {
  transferMatrix,
  transferName,
  type TransferCell,
  type TransferMatrix,
  type TransferOptions,
} from './transfer/transfer-matrix.js';
export { cardJsonSchema, cardName, resultCard, type ResultCard } from './card/result-card.js';
export { createCard, parseCard, serializeCard, type CardOptions } from './card/create-card.js';
