import { AdvrobError, stopIfAborted } from '@advrob/core';
import { hashModel, identifyBackend, identifyData, identifyModel, identifyValue } from '@advrob/core/identity';
import { sha256 } from '@advrob/core/sha256';
import * as tf from '@tensorflow/tfjs-core';
import { checkFit, checkNorm, checkWhole } from '../evaluate/check-options.js';
import { checkHash, fingerprintFormat, type Fingerprint } from '../journal/fingerprint.js';
import { openMemo, type Memo } from '../journal/memo.js';
import { createPart, elapsed, workOf, type Piece } from '../progress.js';
import type { RobustnessCheck } from '../record/record.js';
import { judgeCauses } from './judge-causes.js';
import { judgeSymptoms } from './judge-symptoms.js';
import { drawBatches } from './measure/shared.js';
import { measureAll, measurementsOf } from './measurements.js';
import { attacksOf, withDefaults, type CompleteOptions, type RobustnessCheckOptions } from './options.js';

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
 * Looks for signs that a robust accuracy is too good to be true: things in the model that make
 * attacks fail (causes), and results that a sound model does not show (symptoms). A finding says
 * why a number should not be believed yet; no finding is no proof. Costs ten to fifteen calls of
 * the iterative attack, and those of the others. The model and the data stay the caller's.
 *
 * @throws AdvrobError `ADVROB_OPTION`, `ADVROB_NORM` when an attack or a number does not fit;
 *   `ADVROB_EVALUATION_MISMATCH` when the storage holds the checks of something else.
 * @example
 * ```ts
 * import { checkRobustness } from '@advrob/evaluation';
 * const { findings } = await checkRobustness({
 *   model,
 *   data: test,
 *   threat: { norm: 'linf', epsilon: 0.3 },
 *   attacks: {
 *     iterative: pgd({ steps: 40 }),
 *     longer: pgd({ steps: 200 }),
 *     singleStep: fgsm(),
 *     blackBox: square({ queries: 1000 }),
 *     other: fab(),
 *   },
 * });
 * for (const { name, severity, meaning } of findings) console.log(severity, name, meaning);
 * ```
 */
export async function checkRobustness(options: RobustnessCheckOptions): Promise<RobustnessChecks> {
  const complete = withDefaults(options);
  checkOptions(complete);
  const { model, data, examples, batchSize, storage, signal } = complete;
  const modelHash = options.modelHash ?? (await hashModel(model));
  if (storage) checkHash(modelHash);
  const memo = storage ? await memoOf(complete) : await openMemo(undefined, checksName, {});
  const follower = followerOf(complete, options.onProgress, signal);
  const batches = await drawBatches(data, examples, batchSize);
  try {
    const found = await measureAll(complete, batches, memo, follower);
    const checks = [...judgeCauses(found), ...judgeSymptoms(found, complete)];
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

/** Counts measurements, and the steps inside of them. */
function followerOf(
  options: CompleteOptions,
  report: RobustnessCheckOptions['onProgress'],
  signal: AbortSignal | undefined,
): Parameters<typeof measureAll>[3] {
  const all = measurementsOf(options);
  // Attacks drop what they have fooled, once it is known how many that are; these do not.
  const isWhole = (name: string): boolean => /^(outputs|gradients|loss path|repetition|transfer)/.test(name);
  const costOf = ({ name, expected }: (typeof all)[number], share: number): number =>
    expected.cost * (isWhole(name) ? 1 : Math.max(0.1, share));
  const parts = all.map((one) => createPart({ ...one.expected, cost: costOf(one, 0.5) }));
  const batches = Math.ceil(Math.min(options.examples, options.data.length) / options.batchSize);
  let place = -1;
  let current: Piece | undefined;
  let highest = 0;
  const tell = (): void => {
    const { fraction, left } = workOf(parts, 1);
    highest = Math.max(highest, Math.min(0.999, fraction));
    report?.({
      measurement: all[place]!.name,
      done: place,
      total: all.length,
      fraction: highest,
      ...(left !== undefined && { secondsLeft: left }),
    });
  };
  return {
    enter(measurement) {
      stopIfAborted(signal);
      const last = parts[place];
      if (last && current) Object.assign(last, { seconds: elapsed(current), finished: 1, current: new Set() });
      place = all.findIndex(({ name }) => name === measurement);
      current = { startedAt: performance.now(), examples: 1, steps: 0 };
      parts[place]!.current.add(current);
      tell();
    },
    withstood(share) {
      for (const [i, part] of parts.entries()) if (i > place) part.cost = costOf(all[i]!, share);
    },
    step() {
      current!.steps += 1 / batches;
      tell();
    },
  };
}

function checkOptions(options: CompleteOptions): void {
  const { model, data, attacks, threat, examples, batchSize, restarts, seed } = options;
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
  for (const attack of attacksOf(attacks)) checkNorm(attack.name, attack, threat.norm);
}

/**
 * A memo whose keys name what a measurement looks at beside the model and the examples: with
 * another surrogate or attack the rest is still known.
 */
async function memoOf(options: CompleteOptions): Promise<Memo> {
  const { model, modelHash, data, threat, examples, batchSize, seed, config, storage } = options;
  const fingerprint: Fingerprint = {
    format: fingerprintFormat,
    backend: identifyBackend(),
    model: await identifyModel(model, modelHash),
    data: identifyData(data),
    threat: { norm: threat.norm, epsilon: threat.epsilon },
    examples,
    batchSize,
    seed,
    ...(config !== undefined && { config }),
  };
  const subjects = await subjectsOf(options);
  const memo = await openMemo(storage, checksName, fingerprint);
  return (key, compute) => {
    const subject = subjects.get(key.split('/')[0]!);
    return memo(subject === undefined ? key : `${key} of ${subject}`, compute);
  };
}

/** What each measurement looks at, by its key, as a hash. */
async function subjectsOf({ attacks, surrogates, restarts }: CompleteOptions): Promise<ReadonlyMap<string, string>> {
  const { iterative, longer, singleStep, blackBox, other } = attacks;
  const subjects = new Map<string, unknown>([
    ...['path', 'repetition', 'iterative', 'huge epsilon', 'half of epsilon', 'twice epsilon'].map(
      (key): [string, unknown] => [key, iterative],
    ),
    ['longer', longer],
    ['restarts', [iterative, restarts]],
    ['single step', singleStep],
    ['black box', blackBox],
    ['other attack', other],
    ...Object.entries(surrogates).map(([name, source]): [string, unknown] => [
      `transfer from ${name}`,
      [iterative, source],
    ]),
  ]);
  const hashes = new Map<string, string>();
  for (const [key, subject] of subjects)
    hashes.set(key, sha256(JSON.stringify(await identifyValue(subject))).slice(0, 16));
  return hashes;
}
