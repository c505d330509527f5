import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Attack, AttackLoss, CallOptions, Classifier } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { boundsSlack } from '../threat/threat-model.js';

/**
 * Checks what can be checked without reading values, and makes labels int32 class indices [n]: the
 * caller's to free.
 */
export function checkShapes(
  model: Classifier,
  x: Tensor,
  y: Tensor,
  options: CallOptions,
): { labels: Tensor; ids: Int32Array } {
  checkOneTfjs(x);
  const [n = 0, ...shape] = x.shape;
  const wanted = model.inputShape.join(', ');
  if (shape.join(', ') !== wanted || n === 0)
    throw new AdvrobError('ADVROB_SHAPE', `expected images [n, ${wanted}] with n > 0, got [${x.shape.join(', ')}]`);
  if (x.dtype !== 'float32')
    throw new AdvrobError('ADVROB_SHAPE', `expected float32 images, got ${x.dtype}: cast them`);
  const isOneHot = y.rank === 2 && y.shape[0] === n && y.shape[1] === model.numClasses;
  if (!isOneHot && !(y.rank === 1 && y.shape[0] === n))
    throw new AdvrobError(
      'ADVROB_LABEL',
      `expected ${n} class indices [${n}] or one-hot rows [${n}, ${model.numClasses}], got shape [${y.shape.join(', ')}]`,
    );
  const { targets, ids, restarts = 1, seed = 0 } = options;
  if (targets && (targets.rank !== 1 || targets.shape[0] !== n))
    throw new AdvrobError('ADVROB_LABEL', `expected ${n} target classes, got shape [${targets.shape.join(', ')}]`);
  if (ids && ids.length !== n) throw new AdvrobError('ADVROB_SHAPE', `expected ${n} ids, got ${ids.length}`);
  if (!Number.isInteger(restarts) || restarts < 1)
    throw new AdvrobError('ADVROB_OPTION', `restarts: expected a whole number of at least 1, got ${restarts}`);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new AdvrobError('ADVROB_OPTION', `seed: expected a whole number of at least 0, got ${seed}`);
  return {
    labels: tf.tidy(() => (isOneHot ? tf.argMax(y, 1) : tf.cast(y, 'int32'))),
    ids: ids ?? Int32Array.from({ length: n }, (_, i) => i),
  };
}

/** Checks values that were read back. */
export function checkImages(values: Float32Array, bounds: readonly [number, number], what: string): void {
  const [low, high] = bounds;
  const slack = boundsSlack(bounds);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >= low - slack && value <= high + slack) continue;
    throw new AdvrobError(
      Number.isFinite(value) ? 'ADVROB_BOUNDS' : 'ADVROB_NOT_FINITE',
      `${what}: value ${value} at flat index ${i}; expected values inside the model's bounds [${low}, ${high}]`,
    );
  }
}

/** Checks class indices that were read back. */
export function checkClasses(values: ArrayLike<number>, numClasses: number, what: string): void {
  for (let i = 0; i < values.length; i++)
    if (!(Number.isInteger(values[i]) && values[i]! >= 0 && values[i]! < numClasses))
      throw new AdvrobError(
        'ADVROB_LABEL',
        `${what}: class ${values[i]!} of example ${i}; expected a whole number from 0 to ${numClasses - 1}`,
      );
}

/** Checks outputs that were read back. */
export function checkFinite(values: ArrayLike<number>, what: string): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]!))
      throw new AdvrobError(
        'ADVROB_NOT_FINITE',
        `${what}: ${values[i]!} at flat index ${i}; check the weights and the scaling of the inputs`,
      );
}

export function checkNorm(attack: Attack, norm: string): void {
  const { norms } = attack.definition;
  if (!(norms as readonly string[]).includes(norm))
    throw new AdvrobError(
      'ADVROB_NORM',
      `attack '${attack.name}' works for ${norms.join(', ')}, not for ${norm}: choose another norm or attack`,
    );
}

export function checkOutputs(logits: Tensor, x: Tensor, model: Classifier): void {
  if (logits.rank !== 2 || logits.shape[0] !== x.shape[0] || logits.shape[1] !== model.numClasses)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `the model gave outputs [${logits.shape.join(', ')}], expected [${x.shape[0]}, ${model.numClasses}] for ${x.shape[0]} images and numClasses ${model.numClasses}`,
    );
}

/**
 * Two copies of tfjs-core share their backends through globals but not their classes: most works,
 * some fails far from the cause. A tensor whose class is not ours gives it away.
 *
 * @throws AdvrobError `ADVROB_TFJS_COPIES`
 */
function checkOneTfjs(tensor: Tensor): void {
  if (Object.prototype.isPrototypeOf.call(tf.Tensor.prototype, tensor)) return;
  throw new AdvrobError(
    'ADVROB_TFJS_COPIES',
    typeof tensor === 'object' && tensor !== null && 'dataId' in tensor
      ? `the images were made by another copy of @tensorflow/tfjs-core than the one @advrob/core uses (${tf.version_core}): ` +
          'see npm ls @tensorflow/tfjs-core, then npm dedupe; in a bundle, alias both to one path'
      : 'expected a tensor of @tensorflow/tfjs-core; make one with tf.tensor(...)',
  );
}

/**
 * Whether a value, such as an option of a plugin's attack or analysis, is an attack with its
 * options.
 */
export function isAttack(value: unknown): value is Attack {
  return typeof value === 'object' && value !== null && 'definition' in value && 'maximize' in value;
}

/** @throws AdvrobError `ADVROB_OPTION` when a loss is named for an attack that would not use it. */
export function checkLoss(attack: Attack, loss: AttackLoss | undefined): void {
  if (loss === undefined || attack.definition.loss !== null) return;
  throw new AdvrobError(
    'ADVROB_OPTION',
    `loss: attack '${attack.name}' takes no loss, because what it ascends is part of the method, and was given '${loss.name}': ` +
      'leave the loss out, or choose an attack that ascends one, such as pgd',
  );
}
