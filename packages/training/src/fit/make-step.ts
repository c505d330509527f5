import type { Extras } from '@advrob/core';
import { disposeSnapshot, restoreSnapshot, takeSnapshot } from '../weights/saved.js';
import { truncate } from './metric-window.js';
import { settleRun, type Run } from './run.js';
import { openWork } from './step-work.js';

/** Makes one optimizer step. When it fails or is aborted in the middle, everything is as it was before. */
export async function makeStep<P extends Extras, E extends Extras>(run: Run<P, E>): Promise<void> {
  const { options, optimizer, averager, counters, parts, window } = run;
  const before = takeSnapshot(parts);
  const noted = window.pending.length;
  const { work, close } = openWork(run);
  try {
    await optimizer.step(work);
    averager?.afterStep?.(options.model);
    counters.step += 1;
    await settleRun(run);
  } catch (error) {
    restoreSnapshot(parts, before);
    truncate(window, noted);
    throw error;
  } finally {
    close();
    disposeSnapshot(before);
  }
}
