import type { LayersModel } from '@tensorflow/tfjs-layers';
import { mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { formatError } from '../tfjs-format/format-error.js';
import { loadLayersModelFiles } from '../tfjs-format/load-layers-model.js';
import { saveLayersModelFiles } from '../tfjs-format/save-layers-model.js';
import { readLimited } from './read-limited.js';
import { writeAtomically } from './write-atomically.js';

/** Most bytes of a model.json. Real ones have some kilobytes. */
const longestModelJson = 64 * 1024 * 1024;

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
  const json = basename(path).endsWith('.json') ? path : join(path, 'model.json');
  const bytes = await readLimited(json, longestModelJson);
  const folder = await realpath(dirname(json));
  return loadLayersModelFiles(
    bytes,
    async (shard, limit) => {
      const real = await realpath(join(folder, shard)).catch(() => join(folder, shard));
      // A link could lead out of the folder, as a path with .. could.
      if (!real.startsWith(folder + sep)) throw formatError(json, `shard '${shard}' leads out of the model's folder`);
      return readLimited(real, limit);
    },
    json,
  );
}

/** Saves a LayersModel as a folder with model.json and one shard, making the folder if it is missing. The shard is written first. */
export async function saveLayersModelFolder(model: LayersModel, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = [...(await saveLayersModelFiles(model))].reverse();
  for (const [name, bytes] of files) await writeAtomically(join(folder, name), bytes);
}
