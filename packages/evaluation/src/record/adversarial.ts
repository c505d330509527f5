import { AdvrobError, type RunStorage } from '@advrob/core';
import { decodeSafetensors, encodeSafetensors } from '@advrob/core/safetensors';

/** Adversarial examples of one attack on one batch, as they are kept on disk. */
export interface AdversarialExamples {
  /** float32 values [n, ...inputShape], row-major. */
  readonly adversarial: Float32Array;
  /** Shape of one example. */
  readonly inputShape: readonly number[];
  /** Identity of each example in its data set. */
  readonly indices: Int32Array;
  readonly labels: Int32Array;
}

/**
 * Name of the file with the adversarial examples that `evaluate` saved for one run of its plan on
 * one batch. Runs count from 0 in the order of the attacks, epsilon ascending (a minimal-norm
 * attack is one run). A batch without any has no file.
 */
export function adversarialName(runs: readonly { readonly label: string }[], run: number, batch: number): string {
  return `adversarial/${run}-${encodeURIComponent(runs[run]!.label)}/${String(batch).padStart(6, '0')}.safetensors`;
}

/** A safetensors file with `adversarial` [n, ...inputShape], `indices` [n] and `labels` [n]. */
export function encodeAdversarial({ adversarial, inputShape, indices, labels }: AdversarialExamples): Uint8Array {
  const records = {
    adversarial: { dtype: 'float32', shape: [indices.length, ...inputShape], data: adversarial },
    indices: { dtype: 'int32', shape: [indices.length], data: indices },
    labels: { dtype: 'int32', shape: [labels.length], data: labels },
  } as const;
  return encodeSafetensors(records, {}, { checksum: true });
}

/**
 * Reads what {@link encodeAdversarial} wrote, with the same bits.
 *
 * @throws AdvrobError `ADVROB_TENSOR_FILE` when the file is missing, damaged or holds something
 *   else.
 */
export async function readAdversarial(storage: RunStorage, name: string): Promise<AdversarialExamples> {
  const bytes = await storage.read(name);
  if (bytes === undefined) throw new AdvrobError('ADVROB_TENSOR_FILE', `there is no '${name}' in this storage`);
  const { records } = decodeSafetensors(bytes, name);
  const [adversarial, indices, labels] = ['adversarial', 'indices', 'labels'].map((key) => records.get(key));
  const count = indices?.shape[0];
  if (
    !(adversarial?.data instanceof Float32Array && indices?.data instanceof Int32Array) ||
    !(labels?.data instanceof Int32Array && labels.shape[0] === count && adversarial.shape[0] === count)
  )
    throw new AdvrobError(
      'ADVROB_TENSOR_FILE',
      `${name}: expected float32 'adversarial' and int32 'indices' and 'labels' of one length, as saved by an evaluation`,
    );
  return {
    adversarial: adversarial.data,
    inputShape: adversarial.shape.slice(1),
    indices: indices.data,
    labels: labels.data,
  };
}
