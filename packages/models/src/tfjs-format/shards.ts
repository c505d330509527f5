import { AdvrobError } from '@advrob/core';
import type * as tf from '@tensorflow/tfjs-core';
import { formatError } from './format-error.js';
import type { WeightGroup } from './manifest.js';

/**
 * Gives the bytes of the shard with this file name; `limit` is the most that the manifest leaves
 * room for.
 */
export type ReadShard = (path: string, limit: number) => Uint8Array | Promise<Uint8Array>;

/**
 * The shards of a group in one piece.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE` when they are together shorter or longer than the
 *   manifest says.
 */
export async function readShards(file: string, group: WeightGroup, readShard: ReadShard): Promise<Uint8Array> {
  const shards: Uint8Array[] = [];
  let left = group.byteLength;
  for (const path of group.paths) {
    const shard = await readShard(path, left);
    if (shard.length > left)
      throw formatError(
        file,
        `shard '${path}' has ${shard.length} bytes where weightsManifest leaves room for ${left}`,
      );
    shards.push(shard);
    left -= shard.length;
  }
  if (left > 0)
    throw formatError(
      file,
      `weightsManifest expects ${group.byteLength} bytes in ${group.paths.join(', ')}, which have ${group.byteLength - left}: are the files complete?`,
    );
  return joined(shards);
}

/** Bytes one after another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** @throws AdvrobError `ADVROB_WEIGHTS_NOT_FINITE` when a weight holds NaN or infinity. */
export async function checkFinite(file: string, weights: Readonly<Record<string, tf.Tensor>>): Promise<void> {
  for (const [name, tensor] of Object.entries(weights)) {
    const wrong = (await tensor.data()).find((value: number) => !Number.isFinite(value));
    if (wrong !== undefined)
      throw new AdvrobError(
        'ADVROB_WEIGHTS_NOT_FINITE',
        `${file}: weight '${name}' holds ${wrong}: the training that made it diverged; use an earlier checkpoint`,
      );
  }
}
