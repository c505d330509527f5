import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/** What inputs look like from outside, and how they come to the model. */
export interface FittedInput {
  readonly inputShape: readonly number[];
  /** Brings [n, ...inputShape] into the shape that the model takes. */
  readonly fit: (x: tf.Tensor) => tf.Tensor;
}

/**
 * Fits the shape of the data to what a model declares: open sides are filled, and an image of one
 * channel is laid out as a row where the model takes as many values.
 *
 * @param declared Shape of one input; null for an open side, empty when nothing is known.
 * @param given Shape of the data. Default: as declared.
 * @throws AdvrobError `ADVROB_SHAPE` when sides stay open, or the two do not fit.
 */
export function fitInput(
  who: string,
  declared: readonly (number | null)[],
  given: readonly number[] | undefined,
): FittedInput {
  const fit = (x: tf.Tensor): tf.Tensor => x;
  const words = `[${declared.map((side) => side ?? 'open').join(', ')}]`;
  const isFixed = declared.length > 0 && declared.every((side) => side !== null);
  if (given === undefined) {
    if (isFixed) return { inputShape: declared as number[], fit };
    throw new AdvrobError('ADVROB_SHAPE', `${who}: its input shape ${words} is not fixed: pass inputShape`);
  }
  const fills =
    declared.length === given.length && declared.every((side, axis) => side === null || side === given[axis]);
  if (declared.length === 0 || fills) return { inputShape: given, fit };
  const about = `${who}: takes inputs ${words}, not [${given.join(', ')}]`;
  const size = (shape: readonly (number | null)[]) => shape.reduce<number>((product, side) => product * (side ?? 0), 1);
  if (!isFixed || size(declared) !== size(given))
    throw new AdvrobError('ADVROB_SHAPE', `${about}: choose data of that shape`);
  if (given.length > 1 && given.at(-1) !== 1)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${about}: there are several orders to lay channels out in; put a Reshape or Flatten layer in front, or use fromFunction`,
    );
  return { inputShape: given, fit: (x) => tf.reshape(x, [x.shape[0]!, ...(declared as number[])]) };
}
