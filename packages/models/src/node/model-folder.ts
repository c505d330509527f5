import type { LayersModel } from '@tensorflow/tfjs-layers';
import { mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { formatError, isRecord } from '../tfjs-format/format-error.js';
import { loadLayersModelFiles, saveLayersModelFiles } from '../tfjs-format/layers-model-files.js';
import type { ReadShard } from '../tfjs-format/shards.js';
import { readLimited, writeAtomically } from './files.js';

/** Most bytes of a model.json. Real ones have some kilobytes. */
const longestModelJson = 64 * 1024 * 1024;

/** A folder with a tfjs model. */
export interface ModelFolder {
  /** Path of its model.json. */
  readonly name: string;
  readonly json: Uint8Array;
  readonly readShard: ReadShard;
  /** Whether model.json says that it is a GraphModel. */
  readonly isGraph: boolean;
}

/**
 * Opens a folder with a model.json and its shards.
 *
 * @param path The folder, or the json file in it.
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_MODEL_OVERSIZED`; reading a shard throws
 *   `ADVROB_MODEL_FILE` when it leads out of the folder.
 */
export async function openModelFolder(path: string): Promise<ModelFolder> {
  const name = basename(path).endsWith('.json') ? path : join(path, 'model.json');
  const json = await readLimited(name, longestModelJson);
  const folder = await realpath(dirname(name));
  return {
    name,
    json,
    isGraph: saysGraph(json),
    async readShard(shard, limit) {
      const real = await realpath(join(folder, shard)).catch(() => join(folder, shard));
      // A link could lead out of the folder, as a path with .. could.
      if (!real.startsWith(folder + sep)) throw formatError(name, `shard '${shard}' leads out of the model's folder`);
      return readLimited(real, limit);
    },
  };
}

/** What is no JSON is left to the reader, which says so. */
function saysGraph(json: Uint8Array): boolean {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(json));
    return isRecord(parsed) && parsed['format'] === 'graph-model';
  } catch {
    return false;
  }
}

/**
 * Loads a tfjs LayersModel from a folder with model.json and its shards.
 *
 * @param path The folder, or the model.json in it.
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_MODEL_OVERSIZED`, `ADVROB_MODEL_FILE`,
 *   `ADVROB_WEIGHTS_NOT_FINITE`.
 * @example
 * ```ts
 * const layers = await loadLayersModelFolder('models/mnist');
 * const model = await fromLayersModel(layers, { bounds: [0, 1] });
 * ```
 */
export async function loadLayersModelFolder(path: string): Promise<LayersModel> {
  const { json, readShard, name } = await openModelFolder(path);
  return loadLayersModelFiles(json, readShard, name);
}

/**
 * Saves a LayersModel as a folder with model.json and one shard, making the folder if it is
 * missing. The shard is written first.
 */
export async function saveLayersModelFolder(model: LayersModel, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = [...(await saveLayersModelFiles(model))].reverse();
  for (const [name, bytes] of files) await writeAtomically(join(folder, name), bytes);
}
