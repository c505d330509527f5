import { settle, type Averager, type Extras, type Json, type WeightOptimizer } from '@advrob/core';
import { createRandom, type SteppedRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sgd } from '../parts/sgd.js';
import { openBatches, type BatchStream } from './batch-stream.js';
import type { LoggedEvent, Position, TrainingEvent } from './events.js';
import { emptyWindow, truncate, type MetricWindow } from './metric-window.js';
import type { FitOptions } from './options.js';
import { resolveSettings, type Settings } from './settings.js';
import { variablesOf, type SavedParts } from './values.js';

/** The best weights so far on the validation data. */
export interface Best {
  readonly score: number;
  readonly step: number;
  readonly epoch: number;
  readonly weights: 'trained' | 'averaged';
  /** Weights and buffers by their names in the model. */
  readonly values: ReadonlyMap<string, Tensor>;
}

/**
 * Counters of a run. Together they say which work is done, so that it can be taken up again between
 * any two pieces.
 */
export interface Counters extends Record<string, number> {
  /** Optimizer steps made. */
  step: number;
  /** Batches drawn. */
  draws: number;
  /** The step after which metrics were last logged. */
  logged: number;
  /** Passes over the data whose end the averager has seen. */
  averaged: number;
  /** The step after which the model was last measured. */
  validated: number;
  /** Passes over the data that are closed altogether. */
  closed: number;
  /**
   * Gradients with respect to the input taken in search of adversarial examples, one per example.
   */
  inputGradients: number;
  /** Those of them that were not finite and counted as zero, as far as they were read. */
  notFinite: number;
}

/** A training run: what is given, what changes and is saved, and what is open. */
export interface Run<P extends Extras = Extras, E extends Extras = Extras> {
  readonly options: FitOptions<P, E>;
  readonly settings: Settings;
  readonly optimizer: WeightOptimizer;
  readonly averager: Averager | undefined;
  /** What must be equal in a resumed run; null where nothing is saved. */
  description: Json;
  readonly random: SteppedRandom;
  readonly batches: BatchStream<E>;

  readonly counters: Counters;
  /** Everything that a checkpoint holds as tensors and numbers. */
  readonly parts: SavedParts;
  readonly window: MetricWindow;
  /** Counts of input gradients that were not finite, not yet read. */
  readonly notFinite: Tensor[];
  readonly history: LoggedEvent[];
  best: Best | undefined;
  /** The step of the checkpoint that is kept: what replaces it there is no later one. */
  saved: number | undefined;
}

/**
 * Binds optimizer and averager to the model and checks the options. Close it with {@link closeRun}.
 */
export function openRun<P extends Extras, E extends Extras>(options: FitOptions<P, E>): Run<P, E> {
  const { model, data, objective } = options;
  const optimizer = (options.optimizer ?? sgd({ momentum: 0.9 }))(model);
  let averager: Averager | undefined;
  try {
    const settings = resolveSettings(options, optimizer);
    averager = options.averager?.(model);
    objective.open?.({ inputShape: model.inputShape, numClasses: model.numClasses, batchSize: settings.batchSize });
    const counters: Counters = {
      step: 0,
      draws: 0,
      logged: 0,
      averaged: 0,
      validated: 0,
      closed: 0,
      inputGradients: 0,
      notFinite: 0,
    };
    return {
      options,
      settings,
      optimizer,
      averager,
      description: null,
      random: createRandom({ seed: settings.seed }),
      batches: openBatches(data, settings),
      counters,
      parts: {
        counters,
        weights: { ...model.weights },
        buffers: { ...model.buffers },
        optimizer: optimizer.state,
        objective: objective.state ?? {},
        averager: averager?.state ?? {},
      },
      window: emptyWindow(),
      notFinite: [],
      history: [],
      best: undefined,
      saved: undefined,
    };
  } catch (error) {
    optimizer.dispose?.();
    averager?.dispose?.();
    throw error;
  }
}

/** Frees everything that the run made. */
export async function closeRun<P extends Extras, E extends Extras>(run: Run<P, E>): Promise<void> {
  truncate(run.window, 0);
  tf.dispose(run.notFinite.splice(0));
  forgetBest(run);
  run.optimizer.dispose?.();
  run.averager?.dispose?.();
  await run.batches.close();
}

export function forgetBest<P extends Extras, E extends Extras>(run: Run<P, E>): void {
  for (const tensor of run.best?.values.values() ?? []) tensor.dispose();
  run.best = undefined;
}

export function positionOf<P extends Extras, E extends Extras>({ counters, settings }: Run<P, E>): Position {
  const { steps, stepsPerEpoch, drawsPerEpoch } = settings;
  const { step, draws } = counters;
  return { step, steps, stepsPerEpoch, draws, epoch: Math.floor(draws / drawsPerEpoch) };
}

/** Makes a lazy backend compute all state, so that one graph a step is run. */
export async function settleRun<P extends Extras, E extends Extras>({ parts, window }: Run<P, E>): Promise<void> {
  await settle(...variablesOf(parts).values(), ...window.pending);
}

export function emit<P extends Extras, E extends Extras>({ options }: Run<P, E>, event: TrainingEvent): void {
  options.onEvent?.(event);
}
