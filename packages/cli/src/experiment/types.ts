import type { Analysis, Classifier, Dataset, Json, Registry, Splits, Threat, TrainingPlan } from '@advrob/core';
import type {
  AnalysisResult,
  EvaluationAttack,
  RecordedModel,
  RecordWarning,
  RobustnessCheck,
  RunRecord,
} from '@advrob/evaluation';
import type { Certificates } from '@advrob/evaluation/certificates';
import type { FitResult } from '@advrob/training';
import type { BackendChoice } from '../backend/select.js';
import type { AnalysisSettings, Experiment, ModelReference, Part, TrainingSettings } from '../config/schema.js';
import type { Output } from '../output/terminal.js';
import type { Requirement } from './requirements.js';

/** What a network expects, as flags and configs say it. */
export interface ModelInput {
  /** What it takes for the least and the greatest value of the data. */
  readonly range?: readonly number[] | undefined;
  readonly mean?: number | readonly number[] | undefined;
  readonly std?: number | readonly number[] | undefined;
}

/** How an ONNX file is taken, as flags and configs say it. */
export interface OnnxSettings {
  /** The value that holds the scores, where a file has several outputs. */
  readonly output?: string | undefined;
  readonly layout?: 'NCHW' | 'NHWC' | undefined;
  /** Whether it runs in ONNX Runtime, without gradients. */
  readonly blackBox?: boolean | undefined;
  /** Whether the import is compared with ONNX Runtime. */
  readonly compare?: boolean | undefined;
}

/** How a saved model is loaded. */
export interface LoadOptions {
  /** Architecture of a weight file that does not say it. */
  readonly architecture?: string | undefined;
  readonly architectureOptions?: Readonly<Record<string, unknown>> | undefined;
  /** What a layers model takes. Default [0, 1]. */
  readonly bounds?: readonly [number, number] | undefined;
  /** Set when a layers model ends in probabilities that its layers do not show. */
  readonly outputs?: 'logits' | 'probabilities' | undefined;
  /** How an ONNX file is taken. */
  readonly onnx?: OnnxSettings | undefined;
  /** What the network expects in place of inputs within the bounds. */
  readonly input?: ModelInput | undefined;
  /** Examples on which the form of the inputs is checked when nothing is said about it. */
  readonly data?: Dataset | undefined;
}

/** Finds the model that a config names. */
export type ModelFinder = (reference: ModelReference) => Promise<Classifier>;

/**
 * The models of one command: those of the experiment by their ids, and what was loaded from files.
 */
export interface ModelShelf {
  /**
   * The model that a config or a flag names: an id, a file, or { weights, architecture }. Each file
   * is loaded once.
   *
   * @throws AdvrobError `ADVROB_MODEL_MISSING` for what is neither.
   */
  find(reference: ModelReference): Promise<Classifier>;
  /** Under an id, from now on the shelf's to dispose. */
  add(id: string, model: Classifier): void;
  /** Without a name, but the shelf's to dispose. */
  keep(model: Classifier): void;
  dispose(): void;
}

/** What an experiment is run with. */
export interface ExperimentRun {
  readonly experiment: Experiment;
  readonly folder: string;
  readonly registry: Registry;
  readonly backend: BackendChoice;
  /** The command as it was typed. */
  readonly command: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Everything that a training is made of, by its names in the config. */
export interface TrainingParts extends TrainingPlan {
  readonly validationAttack?: TrainingPlan['attack'];
  /** Whose outputs on clean examples the student learns. */
  readonly teacher?: Classifier;
  /** Every model that training learns from. */
  readonly teachers: readonly Classifier[];
}

/** A model of an experiment with all that happens to it. */
export interface PreparedModel {
  readonly id: string;
  readonly model: Classifier;
  readonly architecture?: Part | undefined;
  /** Left out for a model that is not trained. */
  readonly training?: { readonly settings: TrainingSettings; readonly parts: TrainingParts } | undefined;
}

/** What the models of an experiment are measured on and by. */
export interface Measurement {
  readonly data: Dataset;
  readonly attacks: readonly EvaluationAttack[];
  readonly certifiers: Certificates | undefined;
}

/** An experiment with everything made that it names, before anything is trained. */
export interface Prepared {
  /** Left out for an experiment without data. */
  readonly splits?: Splits | undefined;
  /** In the order of the config. */
  readonly models: readonly PreparedModel[];
  /** Left out where nothing is measured. */
  readonly measurement?: Measurement | undefined;
  readonly analyses: readonly PreparedAnalysis[];
  readonly shelf: ModelShelf;
}

/** An analysis of an experiment with what it looks at. */
export interface PreparedAnalysis {
  /** Unique in the experiment. */
  readonly id: string;
  readonly analysis: Analysis;
  readonly models: Readonly<Record<string, Classifier>>;
  readonly names: Readonly<Record<string, string>>;
  /** Left out for an experiment without data. */
  readonly data?: Dataset | undefined;
  readonly split: AnalysisSettings['split'];
  readonly threat?: Threat | undefined;
  readonly seed: number;
}

/** What training a model gave, with its time. */
export interface TrainingOutcome {
  readonly trained?: FitResult;
  readonly seconds: number;
}

/** An experiment whose models are measured. */
export interface MeasurablePrepared extends Prepared {
  readonly splits: Splits;
  readonly measurement: Measurement;
}

/** A model as the record holds it. */
export interface Measured {
  readonly model: RecordedModel;
  readonly checks: readonly RobustnessCheck[];
  readonly warnings: readonly RecordWarning[];
  readonly timing: Json;
}

/** What an analysis gave, with its time. */
export interface Analysed {
  readonly result: AnalysisResult;
  readonly seconds: number;
}

/** What an experiment ends with. */
export interface ExperimentResult {
  readonly record: RunRecord;
  /** Path of the page. */
  readonly report: string;
  /** Bounds of the config, those that are not met with a sentence. */
  readonly requirements: readonly Requirement[];
}
