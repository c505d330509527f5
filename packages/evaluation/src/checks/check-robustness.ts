import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { describeValue } from '../journal/fingerprint.js';
import type { Fingerprint } from '../journal/fingerprint.js';
import { openMemo } from '../journal/memo.js';
import { checkHash, hashModel } from '../journal/model-hash.js';
import { checkFit, checkWhole } from '../evaluate/check-options.js';
import { judgeCauses } from './judge-causes.js';
import { judgeSymptoms } from './judge-symptoms.js';
import { drawBatches } from './measure/shared.js';
import { measureAll } from './measurements.js';
import type { RobustnessCheckOptions } from './options.js';
import type { RobustnessCheck } from '../record/record.js';

/** Name of the file that holds the measurements of the checks. */
export const checksName = 'checks.jsonl';

export interface RobustnessChecks {
  /** Examples looked at, and how many of them the model classifies rightly. */
  readonly examples: number;
  readonly correct: number;
  /** Every check, causes first. */
  readonly checks: readonly RobustnessCheck[];
  /** Those that speak up. */
  readonly findings: readonly RobustnessCheck[];
}

/**
 * Looks for signs that a robust accuracy is too good to be true: things in the model that make attacks fail (causes), and results that a sound model does not
 * show (symptoms). No finding is no proof of robustness; a finding says why a number should not be believed yet.
 *
 * Costs as much as some ten to fifteen calls of the iterative attack on the examples, and what the other attacks cost; the model and the data stay the caller's.
 *
 * @throws AdvrobError `ADVROB_OPTION` when an attack does not fit its part or a number is out of range, `ADVROB_NORM` when one does not know the norm,
 *   `ADVROB_EVALUATION_MISMATCH` when the storage holds the checks of another model, other data or settings.
 * @example
 * ```ts
 * import { checkRobustness } from '@advrob/evaluation';
 * const { findings } = await checkRobustness({
 *   model,
 *   data: test,
 *   threat: { norm: 'linf', epsilon: 0.3 },
 *   attacks: { iterative: pgd({ steps: 40 }), longer: pgd({ steps: 200 }), singleStep: fgsm(), blackBox: square({ queries: 1000 }), other: fab() },
 * });
 * for (const { name, severity, meaning } of findings) console.log(severity, name, meaning);
 * ```
 */
export async function checkRobustness(options: RobustnessCheckOptions): Promise<RobustnessChecks> {
  checkOptions(options);
  const { model, data, examples = 64, batchSize = 64, attacks, storage, signal } = options;
  const modelHash = options.modelHash ?? (await hashModel(model));
  if (storage) checkHash(modelHash);
  const memo = await openMemo(storage, checksName, await fingerprintOf(options, modelHash ?? ''));
  const total = countMeasurements(options);
  let done = 0;
  const enter = (measurement: string): void => {
    if (signal?.aborted) throw new AdvrobError('ADVROB_ABORTED', 'stopped on request', { cause: signal.reason });
    options.onProgress?.({ measurement, done: done++, total });
  };
  const batches = await drawBatches(data, examples, batchSize);
  try {
    const found = await measureAll(options, batches, memo, enter);
    const checks = [...judgeCauses(found), ...judgeSymptoms(found, attacks, model.numClasses)];
    return {
      examples: found.examples,
      correct: found.correct,
      checks,
      findings: checks.filter(({ severity }) => severity === 'serious' || severity === 'warning'),
    };
  } finally {
    for (const { x, y } of batches) tf.dispose([x, y]);
  }
}

function checkOptions(options: RobustnessCheckOptions): void {
  const { model, data, attacks, threat, examples = 64, batchSize = 64, restarts = 5, seed = 0 } = options;
  const refuse = (text: string): never => {
    throw new AdvrobError('ADVROB_OPTION', text);
  };
  checkFit(model, data);
  checkWhole('examples', examples, 1);
  checkWhole('batchSize', batchSize, 1);
  checkWhole('restarts', restarts, 1);
  checkWhole('seed', seed, 0);
  if (!(threat.epsilon > 0 && threat.epsilon < Infinity))
    refuse(`threat.epsilon: expected a finite number above 0, got ${threat.epsilon}`);
  if (attacks.iterative.definition.knowledge !== 'gradients')
    refuse(`attacks.iterative: expected an attack with gradients, got '${attacks.iterative.name}'`);
  if (attacks.blackBox?.definition.knowledge === 'gradients')
    refuse(`attacks.blackBox: expected an attack without gradients, got '${attacks.blackBox.name}'`);
  for (const attack of Object.values(attacks))
    if (!attack.definition.norms.includes(threat.norm))
      throw new AdvrobError(
        'ADVROB_NORM',
        `attack '${attack.name}' works for ${attack.definition.norms.join(', ')}, not for ${threat.norm}: choose another norm or attack`,
      );
}

async function fingerprintOf(options: RobustnessCheckOptions, modelHash: string): Promise<Fingerprint> {
  const {
    data,
    threat,
    attacks,
    surrogates = {},
    restarts = 5,
    examples = 64,
    batchSize = 64,
    seed = 0,
    storage,
  } = options;
  const sources: Record<string, string> = {};
  for (const [name, source] of Object.entries(surrogates)) sources[name] = (await hashModel(source)) ?? '';
  return {
    format: 1,
    backend: tf.getBackend(),
    model: modelHash,
    data: { name: data.name, hash: data.hash },
    threat: { norm: threat.norm, epsilon: threat.epsilon },
    attacks: await describeValue(attacks, storage !== undefined),
    surrogates: sources,
    restarts,
    examples,
    batchSize,
    seed,
  };
}

/** As many as `measureAll` enters. */
function countMeasurements({ attacks, surrogates = {}, restarts = 5 }: RobustnessCheckOptions): number {
  const compared = Object.keys(attacks).length - 1;
  const isRandom = attacks.iterative.definition.random !== false;
  // Outputs, gradients, loss path, repetition, the attack itself, and at three other radii.
  return 8 + compared + Object.keys(surrogates).length + (isRandom && restarts > 1 ? 1 : 0);
}
