import type { LayersModel } from '@tensorflow/tfjs-layers';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadLayersModelFiles } from '../tfjs-format/load-layers-model.js';
import { saveLayersModelFiles } from '../tfjs-format/save-layers-model.js';
import { openModelFolder } from './model-folder.js';
import { writeAtomically } from './write-atomically.js';

/**
 * Loads a tfjs LayersModel from a folder with model.json and its shards.
 *
 * @param path The folder, or the model.json in it.
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_MODEL_OVERSIZED`, `ADVROB_MODEL_FILE`, `ADVROB_WEIGHTS_NOT_FINITE`.
 * @example
 * ```ts
 * const model = await fromLayersModel(await loadLayersModelFolder('models/mnist'), { bounds: [0, 1] });
 * ```
 */
export async function loadLayersModelFolder(path: string): Promise<LayersModel> {
  const { json, readShard, name } = await openModelFolder(path);
  return loadLayersModelFiles(json, readShard, name);
}

/** Saves a LayersModel as a folder with model.json and one shard, making the folder if it is missing. The shard is written first. */
export async function saveLayersModelFolder(model: LayersModel, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = [...(await saveLayersModelFiles(model))].reverse();
  for (const [name, bytes] of files) await writeAtomically(join(folder, name), bytes);
}
