import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AdvrobError } from '../errors.js';

/**
 * Two copies of tfjs-core share their backends through globals but not their classes: most works, some fails far from the cause. A tensor whose class
 * is not ours gives it away.
 *
 * @throws AdvrobError `ADVROB_TFJS_COPIES`
 */
export function checkOneTfjs(tensor: Tensor): void {
  if (Object.prototype.isPrototypeOf.call(tf.Tensor.prototype, tensor)) return;
  throw new AdvrobError(
    'ADVROB_TFJS_COPIES',
    typeof tensor === 'object' && tensor !== null && 'dataId' in tensor
      ? `the images were made by another copy of @tensorflow/tfjs-core than the one @advrob/core uses (${tf.version_core}): ` +
          'see npm ls @tensorflow/tfjs-core, then npm dedupe; in a bundle, alias both to one path'
      : 'expected a tensor of @tensorflow/tfjs-core; make one with tf.tensor(...)',
  );
}
