import type { Classifier } from '@advrob/core';
import { encodeSafetensors, modelMetadata, type TensorRecord } from '@advrob/core/safetensors';
import { flattenedOf, pytorchShape, toPytorchLayout } from './pytorch-layout.js';

/**
 * The weights and buffers of a model as a safetensors file, readable by every safetensors reader. A
 * model that an architecture made also names it and its options in the file, so that `loadModel`
 * needs nothing else; and its SHA-256, by which damage is found.
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
  return encodeSafetensors(records, { ...modelMetadata(model), ...metadata }, { checksum: true });
}

/**
 * The weights and buffers of a model as a safetensors file in PyTorch's layout, for
 * `load_state_dict` of a network with the same parameter names. Mean and deviation of the input are
 * options of the model here and not in the file.
 *
 * @param metadata Further text entries.
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 *
 * await writeFile('resnet18.safetensors', await savePytorchWeights(model));
 * // Python: net.load_state_dict(safetensors.torch.load_file('resnet18.safetensors'))
 * ```
 */
export async function savePytorchWeights(
  model: Classifier,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const flattened = flattenedOf(model);
  const records = new Map<string, TensorRecord>();
  for (const [name, variable] of Object.entries({ ...model.weights, ...model.buffers })) {
    const data = toPytorchLayout(Float32Array.from(await variable.data()), variable.shape, flattened[name]);
    records.set(name, { dtype: 'float32', shape: pytorchShape(variable.shape), data });
  }
  return encodeSafetensors(records, { format: 'pt', ...metadata }, { checksum: true });
}
