import { AdvrobError, type Extras } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/** One extra tensor and which of its rows belongs to each example of the selection. */
export interface AttachedExtras {
  readonly name: string;
  readonly tensor: tf.Tensor;
  readonly rows: Int32Array;
}

/**
 * The extras of a data set of `length` examples with `added` joined on.
 *
 * @throws AdvrobError `ADVROB_SHAPE` when a first axis is not `length`, `ADVROB_OPTION` when a name
 *   is taken.
 */
export function attachExtras(
  extras: readonly AttachedExtras[],
  added: Extras,
  length: number,
): readonly AttachedExtras[] {
  const attached = Object.entries(added).map(([name, tensor]) => {
    if (tensor.shape[0] !== length)
      throw new AdvrobError(
        'ADVROB_SHAPE',
        `extra '${name}': expected shape [${length}, ...], one row per example, got [${tensor.shape.join(', ')}]`,
      );
    if (extras.some((other) => other.name === name))
      throw new AdvrobError('ADVROB_OPTION', `extra '${name}' is already attached: give this one another name`);
    return { name, tensor, rows: Int32Array.from({ length }, (_, row) => row) };
  });
  return [...extras, ...attached];
}

/** The extras of the examples `chosen`. */
export function selectExtras(extras: readonly AttachedExtras[], chosen: Int32Array): readonly AttachedExtras[] {
  return extras.map((extra) => ({ ...extra, rows: chosen.map((position) => extra.rows[position]!) }));
}

/** Fresh tensors with the rows of the examples `chosen`; the caller frees them. */
export function gatherExtras(extras: readonly AttachedExtras[], chosen: Int32Array): Record<string, tf.Tensor> {
  return tf.tidy(() =>
    Object.fromEntries(
      extras.map(({ name, tensor, rows }) => {
        if (tensor.isDisposed)
          throw new AdvrobError(
            'ADVROB_DISPOSED',
            `extra '${name}' was disposed: keep it until the data set is no longer used`,
          );
        const picked = tf.tensor1d(
          chosen.map((position) => rows[position]!),
          'int32',
        );
        return [name, tf.gather(tensor, picked)];
      }),
    ),
  );
}
