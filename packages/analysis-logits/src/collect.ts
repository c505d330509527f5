import { AdvrobError, giveWay, settle, stopIfAborted } from '@advrob/core';
import type { Attack, AttackLoss, Classifier, Dataset, Extras, Threat } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { logitMatrix } from './logit-matrix.js';
import type { LogitMatrix } from './logit-matrix.js';

/**
 * The logits of a model for every example, in data-set order: what manipulations and comparisons of
 * two models work on. For statistics alone `logitStatistics` needs constant memory.
 *
 * @throws AdvrobError `ADVROB_DATA_EMPTY`, `ADVROB_SHAPE`, `ADVROB_BOUNDS`, `ADVROB_LABEL` when
 *   model and data do not fit, `ADVROB_NOT_FINITE` and `ADVROB_PROBABILITIES` for outputs that are
 *   no logits, `ADVROB_ATTACK_MISSING` for an attack without a threat, `ADVROB_ABORTED` on request.
 * @example
 * ```ts
 * import { collectLogits } from '@advrob/analysis-logits';
 * const { logits, labels } = await collectLogits(model, data.take(1000));
 * ```
 */
export async function collectLogits<E extends Extras>(
  model: Classifier,
  data: Dataset<E>,
  options: CollectOptions = {},
): Promise<LogitBatch> {
  const values = new Float32Array(data.length * model.numClasses);
  const labels = new Int32Array(data.length);
  const ids = new Int32Array(data.length);
  let row = 0;
  for await (const batch of logitBatches(model, data, options)) {
    values.set(batch.logits.values, row * model.numClasses);
    labels.set(batch.labels, row);
    ids.set(batch.ids, row);
    row += batch.labels.length;
  }
  return { logits: logitMatrix(values, model.numClasses), labels, ids };
}

/** How the logits of a model are collected. */
export interface CollectOptions {
  /**
   * Whose last iterates on this very model replace the examples (`maximize`: of every example,
   * whether it fools or not). Default: clean examples. Needs `threat`.
   */
  readonly attack?: Attack | undefined;
  readonly threat?: Threat | undefined;
  /** What the attack ascends. Default: its own. */
  readonly loss?: AttackLoss | undefined;
  /** Of the attack. Default 0. */
  readonly seed?: number | undefined;
  /** Default 128. */
  readonly batchSize?: number | undefined;
  /** Name of the model in errors. Default `the model`. */
  readonly who?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Logits of some examples, on the host. */
export interface LogitBatch {
  readonly logits: LogitMatrix;
  readonly labels: Int32Array;
  /** Identities in the whole data set. */
  readonly ids: Int32Array;
}

/**
 * The logits of a model, batch by batch in data-set order, in `eval` mode. No tensor outlives its
 * batch.
 *
 * @throws AdvrobError `ADVROB_DATA_EMPTY`, `ADVROB_SHAPE`, `ADVROB_BOUNDS`, `ADVROB_LABEL` when
 *   model and data do not fit, `ADVROB_NOT_FINITE` and `ADVROB_PROBABILITIES` for outputs that are
 *   no logits, `ADVROB_ATTACK_MISSING` for an attack without a threat, `ADVROB_ABORTED` on request.
 */
export async function* logitBatches<E extends Extras>(
  model: Classifier,
  data: Dataset<E>,
  options: CollectOptions = {},
): AsyncGenerator<LogitBatch> {
  const { batchSize = 128, who = 'the model', signal } = options;
  checkSubject(model, data, who);
  if (options.attack && !options.threat)
    throw new AdvrobError('ADVROB_ATTACK_MISSING', 'an attack needs a threat: pass { norm, epsilon } as `threat`');
  for await (const { x, y, ids, extras } of data.batches({ size: batchSize })) {
    let batch: LogitBatch;
    try {
      stopIfAborted(signal);
      const labels = Int32Array.from(await y.data());
      checkLabels(labels, model, data.name);
      const logits = logitMatrix(await logitsAt(model, x, y, ids, options), model.numClasses);
      checkLogits(logits, who);
      batch = { logits, labels, ids };
    } finally {
      tf.dispose([x, y, extras]);
    }
    yield batch;
    await giveWay();
  }
}

async function logitsAt(
  model: Classifier,
  x: Tensor,
  y: Tensor,
  ids: Int32Array,
  { attack, threat, loss, seed = 0, signal, who = 'the model' }: CollectOptions,
): Promise<Float32Array> {
  const how = { seed, ids, loss, signal };
  const points = attack && threat ? await attack.maximize(model, x, y, threat, how) : x;
  const logits = tf.tidy(() => model.logits(points));
  try {
    if (logits.shape.join() !== [x.shape[0], model.numClasses].join())
      throw new AdvrobError(
        'ADVROB_SHAPE',
        `${who} gave outputs [${logits.shape.join(', ')}], expected [${x.shape[0]}, ${model.numClasses}]`,
      );
    await settle(logits);
    return Float32Array.from(await logits.data());
  } finally {
    logits.dispose();
    if (points !== x) points.dispose();
  }
}

function checkLabels(labels: Int32Array, { numClasses }: Classifier, name: string): void {
  const wrong = labels.find((label) => label < 0 || label >= numClasses);
  if (wrong !== undefined)
    throw new AdvrobError('ADVROB_LABEL', `label ${wrong} in data set '${name}'; expected 0 to ${numClasses - 1}`);
}

/** Probabilities have gaps and maxima too, but they are not what this package is about. */
function checkLogits({ values, rows, classes }: LogitMatrix, who: string): void {
  if (values.some((value) => value < 0 || value > 1)) return;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += values[row * classes + k]!;
    if (Math.abs(sum - 1) > 1e-4) return;
  }
  throw new AdvrobError(
    'ADVROB_PROBABILITIES',
    `${who} gives probabilities, not logits: every output of ${rows} examples is in [0, 1] and sums to 1. Leave the softmax out, or load it with outputs: 'probabilities'`,
  );
}

/**
 * @throws AdvrobError `ADVROB_DATA_EMPTY`, `ADVROB_SHAPE` or `ADVROB_BOUNDS` when the logits of
 *   this model on this data say nothing.
 */
export function checkSubject<E extends Extras>(model: Classifier, data: Dataset<E>, who: string): void {
  if (data.length === 0) throw new AdvrobError('ADVROB_DATA_EMPTY', `data set '${data.name}' has no examples`);
  if (model.numClasses < 2)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${who} has ${model.numClasses} output: a logit gap needs at least 2 classes; turn a single output N into [-N/2, N/2]`,
    );
  if (model.inputShape.join() !== data.inputShape.join() || model.numClasses < data.numClasses)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${who} takes [${model.inputShape.join(', ')}] and knows ${model.numClasses} classes; data set '${data.name}' has [${data.inputShape.join(', ')}] ` +
        `and ${data.numClasses}: choose a model and data that fit`,
    );
  if (model.bounds[0] !== data.bounds[0] || model.bounds[1] !== data.bounds[1])
    throw new AdvrobError(
      'ADVROB_BOUNDS',
      `${who} takes values in [${model.bounds.join(', ')}], data set '${data.name}' has [${data.bounds.join(', ')}]: put the scaling into the model`,
    );
}

/** @throws AdvrobError `ADVROB_SHAPE` unless both models know the same classes. */
export function checkSameClasses(models: Readonly<Record<string, Classifier>>): void {
  const [[name, first], ...others] = Object.entries(models) as [[string, Classifier], ...[string, Classifier][]];
  for (const [other, { numClasses }] of others)
    if (numClasses !== first.numClasses)
      throw new AdvrobError(
        'ADVROB_SHAPE',
        `'${name}' knows ${first.numClasses} classes and '${other}' ${numClasses}: only models of the same classes can be compared`,
      );
}
