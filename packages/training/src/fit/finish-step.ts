import type { Extras } from '@advrob/core';
import { saveRun, saveWeights } from './checkpoint.js';
import type { LoggedEvent } from './events.js';
import type { LastGood } from './last-good.js';
import { summarize } from './metric-window.js';
import { emit, positionOf, type Run } from './run.js';
import { rateAt, threatAt } from './settings.js';
import { validate } from './validate.js';

/**
 * Does what is due between two steps: checks, metrics, averages, measurements, checkpoint. The
 * counters note each piece when it is done, so that a run which stops in between takes up the rest
 * when it is resumed.
 */
export async function finishStep<P extends Extras, E extends Extras>(
  run: Run<P, E>,
  lastGood: LastGood,
): Promise<void> {
  const { options, settings, averager, counters } = run;
  const { step, steps, epoch } = positionOf(run);
  const isLast = step === steps;
  const isEpochEnd = epoch > counters.closed;
  const isLogDue = (isLast || step % settings.logEvery === 0) && counters.logged < step;
  const isSaveDue = isLast || isEpochEnd || (settings.saveEvery > 0 && step % settings.saveEvery === 0);
  const isSlot = Math.floor(epoch / settings.validateEvery) > Math.floor(counters.closed / settings.validateEvery);
  const isValidationDue = (isLast || isSlot) && counters.validated < step;
  if (!isLogDue && !isSaveDue) return;

  await lastGood.check();
  await countNotFinite(run);
  if (isLogDue) logMetrics(run);
  if (counters.averaged < epoch) {
    averager?.afterEpoch?.(options.model, epoch - 1);
    counters.averaged = epoch;
  }
  if (isValidationDue) {
    const events = await validate(run);
    for (const event of events) log(run, event);
    counters.validated = step;
    if (events.some(({ isBest }) => isBest)) await saveWeights(run, 'best.safetensors', run.best);
  }
  counters.closed = epoch;
  if (isSaveDue) await saveRun(run);
  lastGood.note();
}

/** Adds the input gradients since the last call that were not finite: one small read per batch. */
async function countNotFinite({ counters, notFinite }: Pick<Run, 'counters' | 'notFinite'>): Promise<void> {
  for (const rows of notFinite.splice(0)) {
    counters.notFinite += (await rows.data())[0]!;
    rows.dispose();
  }
}

function logMetrics<P extends Extras, E extends Extras>(run: Run<P, E>): void {
  const { settings, counters, window } = run;
  const position = positionOf(run);
  const last = { ...position, step: position.step - 1 };
  const threat = threatAt(settings, last);
  if (window.rows.length > 0)
    log(run, {
      type: 'metrics',
      step: position.step,
      epoch: position.draws / settings.drawsPerEpoch,
      rate: rateAt(settings, last),
      ...(threat && { epsilon: threat.epsilon }),
      ...summarize(window),
    });
  window.rows = [];
  counters.logged = position.step;
}

function log<P extends Extras, E extends Extras>(run: Run<P, E>, event: LoggedEvent): void {
  run.history.push(event);
  emit(run, event);
}
