import {
  AdvrobError,
  stopIfAborted,
  type Attack,
  type Batch,
  type Classifier,
  type Dataset,
  type Json,
  type Norm,
  type RunStorage,
} from '@advrob/core';
import { identifyBackend, identifyData, identifyModel, identifyValue } from '@advrob/core/identity';
import * as tf from '@tensorflow/tfjs-core';
import { checkFit, checkNorm, checkWhole } from './evaluate/check-options.js';
import { classify } from './evaluate/classify.js';
import { craft } from './evaluate/craft.js';
import { checkHash, fingerprintFormat, type Fingerprint } from './journal/fingerprint.js';
import { openMemo, type Memo } from './journal/memo.js';
import { proportionOf, type Proportion } from './statistics/proportion.js';

/** Name of the file that holds the progress of a transfer matrix. */
export const transferName = 'transfer.jsonl';

export interface TransferOptions {
  /** By name; each of them is a source and a target. */
  readonly models: Readonly<Record<string, Classifier>>;
  readonly data: Dataset;
  readonly attack: Attack;
  readonly norm: Norm;
  readonly epsilon: number;
  /** Default 1. */
  readonly restarts?: number | undefined;
  /** Default 128. */
  readonly batchSize?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /**
   * Keeps progress in `transfer.jsonl`; a session that was killed goes on where it stopped. Needs
   * models with named weights.
   */
  readonly storage?: RunStorage | undefined;
  /** As for `evaluate`: what else the result depends on, such as versions of packages. */
  readonly config?: Json | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How one model fares against the adversarial examples of another. */
export interface TransferCell {
  readonly source: string;
  readonly target: string;
  /**
   * Of all examples those that the target classifies rightly as they are and as made on the source.
   */
  readonly robust: Proportion;
  /** Of the examples that the target classifies rightly as they are those that fool it. */
  readonly fooled: Proportion;
}

export interface TransferMatrix {
  readonly models: readonly string[];
  /** Source by source, in each the targets in the order of `models`. */
  readonly cells: readonly TransferCell[];
}

/**
 * Makes adversarial examples on each model and judges them on each. They are the last iterates of
 * the attack, made without regard to the target, so that the diagonal may show more robustness than
 * `evaluate`, which keeps every success on the way. The tensors stay the caller's.
 *
 * @throws AdvrobError `ADVROB_OPTION`, `ADVROB_NORM`, `ADVROB_SHAPE`, `ADVROB_BOUNDS` when the
 *   parts do not fit; `ADVROB_EVALUATION_MISMATCH` when the storage holds another matrix;
 *   `ADVROB_ABORTED`.
 * @example
 * ```ts
 * import { transferMatrix } from '@advrob/evaluation';
 * const options = { data: test.take(500), attack: pgd(), norm: 'linf', epsilon: 0.3 };
 * const { cells } = await transferMatrix({ models: { a, b }, ...options });
 * ```
 */
export async function transferMatrix(options: TransferOptions): Promise<TransferMatrix> {
  const complete = withDefaults(options);
  const { models, data, batchSize } = complete;
  checkOptions(complete);
  const { storage } = options;
  const memo = await openMemo(storage, transferName, storage ? await fingerprintOf(complete) : {});
  const names = Object.keys(models);
  const labels: number[] = [];
  const clean = new Map(names.map((name) => [name, [] as number[]]));
  const attacked = new Map(names.flatMap((source) => names.map((target) => [`${source}>${target}`, [] as number[]])));
  let index = 0;
  for await (const batch of data.batches({ size: batchSize })) {
    try {
      const found = await predictionsOn(complete, batch, index, memo);
      labels.push(...found.labels);
      names.forEach((name, i) => clean.get(name)!.push(...found.clean[i]!));
      names.forEach((source, i) =>
        names.forEach((target, j) => attacked.get(`${source}>${target}`)!.push(...found.attacked[i]![j]!)),
      );
    } finally {
      tf.dispose([batch.x, batch.y, ...Object.values<tf.Tensor>(batch.extras)]);
    }
    index++;
  }
  const cells = names.flatMap((source) =>
    names.map((target) => cellOf(source, target, labels, clean.get(target)!, attacked.get(`${source}>${target}`)!)),
  );
  return { models: names, cells };
}

type CompleteOptions = ReturnType<typeof withDefaults>;

function withDefaults(options: TransferOptions) {
  const { restarts = 1, batchSize = 128, seed = 0 } = options;
  return { ...options, restarts, batchSize, seed };
}

type BatchVerdicts = { labels: number[]; clean: number[][]; attacked: number[][][] };

/** Predictions of every model on the batch as it is and as made on every model. */
async function predictionsOn(
  { models, attack, norm, epsilon, restarts, seed, signal }: CompleteOptions,
  batch: Batch,
  index: number,
  memo: Memo,
): Promise<BatchVerdicts> {
  const targets = Object.values(models);
  const predictionsOf = async (x: tf.Tensor, what: string): Promise<number[][]> => {
    const all: number[][] = [];
    for (const target of targets) all.push((await classify(target, x, what)).predictions);
    return all;
  };
  const clean = await memo(`${index}/clean`, () => predictionsOf(batch.x, 'the clean images'));
  const attacked: number[][][] = [];
  for (const [name, source] of Object.entries(models)) {
    stopIfAborted(signal);
    attacked.push(
      await memo(`${index}/${name}`, async () => {
        const points = await craft(attack, source, batch, { norm, epsilon }, { seed, restarts, signal });
        return predictionsOf(points, `the points made on '${name}'`).finally(() => points.dispose());
      }),
    );
  }
  return { labels: Array.from(await batch.y.data()), clean, attacked };
}

function cellOf(
  source: string,
  target: string,
  labels: readonly number[],
  clean: readonly number[],
  attacked: readonly number[],
): TransferCell {
  const right = labels.flatMap((label, i) => (clean[i] === label ? [i] : []));
  const fooled = right.filter((i) => attacked[i] !== labels[i]).length;
  return {
    source,
    target,
    robust: proportionOf(right.length - fooled, labels.length),
    fooled: proportionOf(fooled, right.length),
  };
}

function checkOptions({ models, data, attack, norm, epsilon, restarts, batchSize, seed }: CompleteOptions): void {
  if (Object.keys(models).length === 0) throw new AdvrobError('ADVROB_OPTION', 'models: expected at least one');
  for (const model of Object.values(models)) checkFit(model, data);
  checkWhole('restarts', restarts, 1);
  checkWhole('batchSize', batchSize, 1);
  checkWhole('seed', seed, 0);
  if (!(epsilon >= 0 && epsilon < Infinity))
    throw new AdvrobError('ADVROB_OPTION', `epsilon: expected a finite number of at least 0, got ${epsilon}`);
  checkNorm(attack.name, attack, norm);
}

async function fingerprintOf(options: CompleteOptions): Promise<Fingerprint> {
  const { models, data, attack, norm, epsilon, restarts, batchSize, seed, config } = options;
  const identities: Record<string, Json> = {};
  for (const [name, model] of Object.entries(models)) {
    const identity = await identifyModel(model);
    checkHash(identity['weights']);
    identities[name] = identity;
  }
  return {
    format: fingerprintFormat,
    backend: identifyBackend(),
    models: identities,
    data: identifyData(data),
    attack: await identifyValue(attack),
    norm,
    epsilon,
    restarts,
    batchSize,
    seed,
    ...(config !== undefined && { config }),
  };
}
