import { AdvrobError, settle, type Extras } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { saveRun, saveWeights } from './checkpoint.js';
import { findDivergence, read, truncate } from './metric-window.js';
import type { Run } from './run.js';
import { disposeSnapshot, restoreSnapshot, takeSnapshot } from './values.js';

/** The last state of a run that was known to be sound, to go back to when it diverges. */
export interface LastGood {
  /**
   * Reads what happened since. When it is not sound, goes back, saves that, and throws
   * `ADVROB_TRAINING_DIVERGED`.
   */
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
    const isFirst = good.saved.numbers.get('counters/step') === 0 && window.rows[0]?.some(isNotFinite);
    restoreSnapshot(parts, good.saved);
    truncate(window, 0);
    window.rows = [...good.rows];
    history.length = good.events;
    const bad = await findBadWeight(run);
    if (bad) throw new AdvrobError('ADVROB_TRAINING_DIVERGED', `training cannot begin: from the start ${bad}`);
    await saveRun(run);
    await saveWeights(run, 'last.safetensors');
    const saved = run.options.checkpoint ? ', the checkpoint and last.safetensors' : '';
    throw new AdvrobError(
      'ADVROB_TRAINING_DIVERGED',
      `training diverged between steps ${counters.step} and ${failed}: ${problem}. The model${saved} went back to step ${counters.step}. ` +
        (isFirst
          ? 'The very first gradient was not finite: look for NaN in the data and the loss'
          : 'Lower the learning rate or begin with a warm-up'),
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

const isNotFinite = (value: number): boolean => !Number.isFinite(value);

/** What is wrong with the weights and buffers, if anything. */
async function findBadWeight<P extends Extras, E extends Extras>({
  options,
  settings,
}: Run<P, E>): Promise<string | undefined> {
  const { weights, buffers = {} } = options.model;
  const all = Object.entries({ ...weights, ...buffers }).filter(([, { dtype }]) => dtype === 'float32');
  const sizes = tf.tidy(() => tf.stack(all.map(([, variable]) => tf.mean(tf.abs(variable)))));
  try {
    await settle(sizes);
    const values = await sizes.data();
    const isBad = (name: string, value: number): boolean =>
      isNotFinite(value) || (name in weights && value > settings.maxWeight);
    const bad = all.findIndex(([name], i) => isBad(name, values[i]!));
    if (bad < 0) return undefined;
    const [[name], value] = [all[bad]!, values[bad]!];
    if (isNotFinite(value)) return `the weight '${name}' is not finite`;
    return `the weight '${name}' has grown to ${value} on average, the limit is ${settings.maxWeight}`;
  } finally {
    sizes.dispose();
  }
}
