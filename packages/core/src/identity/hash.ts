import type { Tensor } from '@tensorflow/tfjs-core';
import type { Classifier } from '../contract/index.js';
import { encodeSafetensors, type TensorRecord } from '../safetensors.js';
import { sha256 } from '../sha256.js';

/**
 * SHA-256 (hex) of a model's weights and buffers: of a safetensors file that holds them in
 * alphabetical order. Undefined for a model without any, such as one made from a plain function.
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
