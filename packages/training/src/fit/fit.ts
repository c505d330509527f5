import { AdvrobError, giveWay, stopIfAborted, type Extras } from '@advrob/core';
import { loadRun, saveRun, saveWeights } from './checkpoint.js';
import { describeRun } from './description.js';
import type { LoggedEvent } from './events.js';
import { finishStep } from './finish-step.js';
import { openLastGood } from './last-good.js';
import type { FitOptions } from './options.js';
import { closeRun, emit, openRun, positionOf, type Best, type Run } from './run.js';
import { makeStep } from './step.js';
import { assignAveraged, assignValues, keepingValues } from './values.js';

/** What a training run ended with. The weights are in the model. */
export interface FitResult {
  /** Optimizer steps made, those before a resume included. */
  readonly steps: number;
  /** Passes over the data. */
  readonly epochs: number;
  /**
   * Gradients with respect to the input taken in search of adversarial examples, one per example
   * and step: what robust trainings are compared at. Of a smoothed model (SmoothAdv) one, however
   * many noise vectors it averages.
   */
  readonly inputGradients: number;
  /**
   * Those of them that were not finite and counted as zero: such a row stayed where it was, so that
   * the model saw a weaker example than it should.
   */
  readonly notFiniteGradients: number;
  /** All metrics and measurements, as they were emitted. */
  readonly history: readonly LoggedEvent[];
  /** Where the best validation score was, if there is validation data. */
  readonly best?: Omit<Best, 'values'>;
}

/**
 * Trains the model in place. Model, data, objective (whose `state` goes on from run to run) and
 * attack stay the caller's; nothing else is left in memory. With `checkpoint`, a run that was
 * killed at any moment and is called again with the same arguments and initial weights ends with
 * the same bits as one that ran through. One that diverges leaves its last sound weights in the
 * model.
 *
 * @throws AdvrobError `ADVROB_OPTION`, `ADVROB_SHAPE`, `ADVROB_ATTACK_MISSING`, `ADVROB_ABORTED`,
 *   `ADVROB_TRAINING_DIVERGED`, `ADVROB_CHECKPOINT`, `ADVROB_CHECKPOINT_MISMATCH`: see the README.
 * @example
 * ```ts
 * import { fit, erm, sgd } from '@advrob/training';
 * const { history } = await fit({
 *   model,
 *   data,
 *   objective: erm(),
 *   optimizer: sgd({ momentum: 0.9 }),
 *   learningRate: 0.1,
 *   schedule: { name: 'cosine' },
 *   epochs: 5,
 * });
 * ```
 */
export async function fit<P extends Extras, E extends Extras>(options: FitOptions<P, E>): Promise<FitResult> {
  const run = openRun(options);
  try {
    if (options.checkpoint) run.description = await describeRun(options, run.settings);
    const isResumed = await loadRun(run);
    // What a kill or damage has left of it is as good as nothing.
    if (run.best) await saveWeights(run, 'best.safetensors', run.best);
    const { step, steps, stepsPerEpoch } = positionOf(run);
    emit(run, { type: 'start', step, steps, stepsPerEpoch, resumed: isResumed, history: [...run.history] });
    await trainToEnd(run);
    await saveWeights(run, 'last.safetensors');
    await leaveWeights(run);
    const end = positionOf(run);
    emit(run, { type: 'end', step: end.step, epoch: end.epoch });
    return {
      steps: end.step,
      epochs: end.draws / run.settings.drawsPerEpoch,
      inputGradients: run.counters.inputGradients,
      notFiniteGradients: run.counters.notFinite,
      history: run.history,
      ...(run.best && { best: withoutValues(run.best) }),
    };
  } finally {
    await closeRun(run);
  }
}

async function trainToEnd<P extends Extras, E extends Extras>(run: Run<P, E>): Promise<void> {
  const { options, settings, counters } = run;
  const lastGood = openLastGood(run);
  try {
    if (counters.step > 0) await finishStep(run, lastGood);
    while (counters.step < settings.steps) {
      stopIfAborted(options.signal);
      await makeStep(run);
      const { step, steps, epoch } = positionOf(run);
      emit(run, { type: 'step', step, steps, epoch });
      await finishStep(run, lastGood);
      await giveWay();
    }
  } catch (error) {
    if (error instanceof AdvrobError && error.code === 'ADVROB_ABORTED') {
      await lastGood.check();
      await saveRun(run);
    }
    throw error;
  } finally {
    lastGood.dispose();
  }
}

/** Gives the model the weights that are to be kept. */
async function leaveWeights<P extends Extras, E extends Extras>(run: Run<P, E>): Promise<void> {
  const { options, settings, averager, best } = run;
  const { model, data } = options;
  const average = async (): Promise<void> => {
    if (!averager) return;
    await assignAveraged(model, averager.weights, data, settings);
    await saveWeights(run, 'averaged.safetensors');
  };
  if (settings.keep === 'averaged') await average();
  else if (averager) await keepingValues(model, average);
  if (settings.keep === 'best' && best) assignValues(model, best.values);
}

function withoutValues({ score, step, epoch, weights }: Best): Omit<Best, 'values'> {
  return { score, step, epoch, weights };
}
