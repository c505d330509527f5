import { AdvrobError, settle, type Extras } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { saveRun } from '../checkpoint/save-run.js';
import { disposeSnapshot, restoreSnapshot, takeSnapshot } from '../weights/saved.js';
import { findDivergence, read, truncate } from './metric-window.js';
import type { Run } from './run.js';

/** The last state of a run that was known to be sound, to go back to when it diverges. */
export interface LastGood {
  /** Reads what happened since. When it is not sound, goes back, saves that, and throws `ADVROB_TRAINING_DIVERGED`. */
  check(): Promise<void>;
  /** Takes the present state, just checked, as sound. */
  note(): void;
  dispose(): void;
}

export function openLastGood<P extends Extras, E extends Extras>(run: Run<P, E>): LastGood {
  const { counters, parts, window, history, settings } = run;
  const take = () => ({ saved: takeSnapshot(parts), rows: [...window.rows], events: history.length });
  let good = take();

  const fall = async (problem: string): Promise<never> => {
    const failed = counters.step;
    restoreSnapshot(parts, good.saved);
    truncate(window, 0);
    window.rows = [...good.rows];
    history.length = good.events;
    await saveRun(run);
    const saved = run.options.checkpoint ? ' and the checkpoint' : '';
    throw new AdvrobError(
      'ADVROB_TRAINING_DIVERGED',
      `training diverged between steps ${counters.step} and ${failed}: ${problem}. The model${saved} went back to step ${counters.step}. ` +
        'Lower the learning rate or begin with a warm-up',
    );
  };

  return {
    async check() {
      await read(window);
      const problem = findDivergence(window, settings.maxGradientNorm) ?? (await findBadWeight(run));
      if (problem !== undefined) await fall(problem);
    },
    note() {
      disposeSnapshot(good.saved);
      good = take();
    },
    dispose: () => disposeSnapshot(good.saved),
  };
}

/** The name of a weight or buffer that is not finite. */
async function findBadWeight<P extends Extras, E extends Extras>({ options }: Run<P, E>): Promise<string | undefined> {
  const { weights, buffers = {} } = options.model;
  const all = Object.entries({ ...weights, ...buffers }).filter(([, { dtype }]) => dtype === 'float32');
  const sizes = tf.tidy(() => tf.stack(all.map(([, variable]) => tf.sum(tf.abs(variable)))));
  try {
    await settle(sizes);
    const values = await sizes.data();
    const bad = all.find((_, i) => !Number.isFinite(values[i]!));
    return bad && `the weight '${bad[0]}' is not finite`;
  } finally {
    sizes.dispose();
  }
}
