import type { Classifier } from '@advrob/core';
import { type TensorRecord, encodeSafetensors, modelMetadata } from '@advrob/core/safetensors';

/**
 * The weights and buffers of a model as a safetensors file, readable by every safetensors reader. A model that an architecture made also names it and its
 * options in the file, so that `loadModel` needs nothing else.
 *
 * @param metadata Further text entries.
 * @example
 * ```ts
 * const bytes = await saveWeights(mlp()(0));
 * const twin = loadModel(bytes);
 * ```
 */
export async function saveWeights(
  model: Classifier,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const records = new Map<string, TensorRecord>();
  for (const [name, variable] of Object.entries({ ...model.weights, ...model.buffers })) {
    const { shape } = variable;
    const data = await variable.data();
    records.set(
      name,
      data instanceof Float32Array
        ? { dtype: 'float32', shape, data }
        : { dtype: 'int32', shape, data: Int32Array.from(data) },
    );
  }
  return encodeSafetensors(records, { ...modelMetadata(model), ...metadata });
}
