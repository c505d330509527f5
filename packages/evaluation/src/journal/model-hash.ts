import { AdvrobError, type Classifier } from '@advrob/core';
import { encodeSafetensors, type TensorRecord } from '@advrob/core/safetensors';
import type { Variable } from '@tensorflow/tfjs-core';

/**
 * SHA-256 (hex) of a model's weights and buffers: of a safetensors file that holds them in
 * alphabetical order. Undefined for a model without any, such as one made from a plain function.
 */
export async function hashModel(model: Classifier): Promise<string | undefined> {
  const variables: [string, Variable][] = [
    ...Object.entries(model.weights),
    ...Object.entries(model.buffers ?? {}),
  ].sort(([a], [b]) => (a < b ? -1 : 1));
  if (variables.length === 0) return undefined;
  const records = new Map<string, TensorRecord>();
  for (const [name, variable] of variables) records.set(name, await recordOf(variable));
  return sha256(encodeSafetensors(records));
}

async function recordOf(variable: Variable): Promise<TensorRecord> {
  const { shape } = variable;
  const data = await variable.data();
  return data instanceof Float32Array
    ? { dtype: 'float32', shape, data }
    : { dtype: 'int32', shape, data: Int32Array.from(data) };
}

/**
 * @throws AdvrobError `ADVROB_OPTION` for a model that a later session could not tell from another.
 */
export function checkHash(modelHash: string | undefined): asserts modelHash is string {
  if (modelHash === undefined)
    throw new AdvrobError(
      'ADVROB_OPTION',
      'modelHash: the model has no named weights, so a later session could not tell it from another: give modelHash, or no storage',
    );
}

/**
 * SHA-256 as lower-case hex, by Web Crypto: in Node, and in pages served by https or from
 * localhost.
 */
async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (subtle === undefined)
    throw new AdvrobError(
      'ADVROB_PLATFORM',
      'hashing needs Web Crypto: serve the page by https or from localhost, or give `modelHash`',
    );
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
