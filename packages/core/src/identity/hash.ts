import type { Tensor } from '@tensorflow/tfjs-core';
import type { Classifier } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { encodeSafetensors, type TensorRecord } from '../safetensors.js';

/**
 * SHA-256 (hex) of a model's weights and buffers: of a safetensors file that holds them in
 * alphabetical order. Undefined for a model without any, such as one made from a plain function.
 *
 * @throws AdvrobError `ADVROB_PLATFORM` in a page without Web Crypto.
 */
export async function hashModel(model: Classifier): Promise<string | undefined> {
  const variables = [...Object.entries(model.weights), ...Object.entries(model.buffers ?? {})];
  return variables.length === 0 ? undefined : hashTensors(Object.fromEntries(variables));
}

/** SHA-256 (hex) of tensors with their names and shapes, whatever their order. */
export async function hashTensors(tensors: Readonly<Record<string, Tensor>>): Promise<string> {
  const records = new Map<string, TensorRecord>();
  for (const [name, tensor] of Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1)))
    records.set(name, await recordOf(tensor));
  return sha256(encodeSafetensors(records));
}

async function recordOf(tensor: Tensor): Promise<TensorRecord> {
  const { shape } = tensor;
  const data = await tensor.data();
  return data instanceof Float32Array
    ? { dtype: 'float32', shape, data }
    : { dtype: 'int32', shape, data: Int32Array.from(data) };
}

/**
 * SHA-256 as lower-case hex, by Web Crypto: in Node, and in pages served by https or from
 * localhost.
 */
export async function sha256(content: Uint8Array | string): Promise<string> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (subtle === undefined)
    throw new AdvrobError(
      'ADVROB_PLATFORM',
      'hashing needs Web Crypto: serve the page by https or from localhost, or give `modelHash`',
    );
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
