import type { Classifier } from '@advrob/core';
import { saveWeights } from '../weights/save-weights.js';
import { writeAtomically } from './write-atomically.js';

/**
 * Saves a model's weights and buffers as a safetensors file, with the name and options of its architecture. A crash leaves the old file or the new one.
 *
 * @example
 * ```ts
 * await saveModelFile(model, 'mnist.safetensors');
 * ```
 */
export async function saveModelFile(
  model: Classifier,
  path: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAtomically(path, await saveWeights(model, metadata));
}
