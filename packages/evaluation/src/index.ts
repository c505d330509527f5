export type { EvaluateOptions, EvaluationAttack } from './evaluate/options.js';
export type { EvaluationProgress } from './progress.js';
export { checkEvaluation, evaluate, type Evaluation } from './evaluate/evaluate.js';
export { createTracker, expectedOf, type EvaluationTiming } from './progress.js';
export { analyze, type AnalyzeOptions } from './analyze.js';
export { checkAnalysis } from './analyze.js';
export { type AnalysisResult } from './record/analysis-result.js';
export type { DataDescription } from './record/shared.js';
export { hashModel } from '@advrob/core/identity';
export { decodeFloats, encodeFloats, toBase64 } from './record/model-result.js';
export { examplesName, parseExamples, readExamples, type ExampleRecord } from './record/example.js';
export { readAdversarial, type AdversarialExamples } from './record/adversarial.js';
export { type ModelResult } from './record/model-result.js';
export { type TrainingCurve, type TrainingResult } from './record/training.js';
export { trainingCurves, type LoggedMetrics } from './record/training.js';
export { recordChecks, recordName, runRecord, type RecordedModel, type RunRecord } from './record/record.js';
export {
  createRecord,
  measuredData,
  parseRecord,
  recordJsonSchema,
  serializeRecord,
  withoutTiming,
  type RecordParts,
} from './record/record.js';
export { describeData } from './record/shared.js';
export { wilsonInterval } from './statistics/proportion.js';
export { proportionOf, type Proportion } from './statistics/proportion.js';
export { mcNemar, type PairedTest } from './statistics/mcnemar.js';
export { pairedBootstrap, type BootstrapOptions, type PairedDifference } from './statistics/paired-bootstrap.js';
export { checkRobustness, type RobustnessChecks } from './checks/check-robustness.js';
export type { CheckAttacks, CheckProgress, RobustnessCheckOptions } from './checks/options.js';
export { type RecordWarning, type RobustnessCheck } from './record/record.js';
export { compareModels, type JudgedModel, type ModelComparison, type PairedComparison } from './compare.js';
export { transferMatrix, type TransferCell, type TransferMatrix, type TransferOptions } from './transfer.js';
export { cardJsonSchema, cardName, resultCard, type ResultCard } from './card.js';
export { createCard, parseCard, serializeCard, type CardOptions } from './card.js';
