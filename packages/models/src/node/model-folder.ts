import { realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { formatError, isRecord } from '../tfjs-format/format-error.js';
import type { ReadShard } from '../tfjs-format/shards.js';
import { readLimited } from './read-limited.js';

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
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_MODEL_OVERSIZED`; reading a shard throws `ADVROB_MODEL_FILE` when it leads out of the folder.
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
