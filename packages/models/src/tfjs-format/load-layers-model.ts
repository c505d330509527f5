import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { buildLayersModel } from './build-layers-model.js';
import { formatError } from './format-error.js';
import { type WeightGroup, readModelJson } from './manifest.js';
import { checkTopology } from './topology.js';

/** Gives the bytes of the shard with this file name; `limit` is the most that the manifest leaves room for. */
export type ReadShard = (path: string, limit: number) => Uint8Array | Promise<Uint8Array>;

/**
 * A tfjs LayersModel out of a model.json and its shards. Everything is checked against everything else before memory is taken for it. A saved optimizer
 * is left out.
 *
 * @param name What messages call the file.
 * @throws AdvrobError `ADVROB_MODEL_FILE` for a malformed or unbuildable model, `ADVROB_WEIGHTS_NOT_FINITE` for NaN or infinity.
 * @example
 * ```ts
 * const layers = await loadLayersModelFiles(modelJson, async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer()));
 * const model = await fromLayersModel(layers, { bounds: [0, 1] });
 * ```
 */
export async function loadLayersModelFiles(
  modelJson: Uint8Array,
  readShard: ReadShard,
  name = 'model.json',
): Promise<LayersModel> {
  const { topology, groups } = readModelJson(modelJson, name);
  checkTopology(name, topology);
  const weights: Record<string, tf.Tensor> = {};
  try {
    for (const group of groups) {
      const bytes = await readGroup(name, group, readShard);
      const specs = group.weights.map(({ byteLength: _, isOfModel: __, ...spec }) => spec);
      const tensors = tf.io.decodeWeights(bytes.buffer as ArrayBuffer, specs);
      for (const { name: weight, isOfModel } of group.weights)
        if (isOfModel) weights[weight] = tensors[weight]!;
        else tensors[weight]!.dispose();
    }
    await checkFinite(name, weights);
    return await buildLayersModel(name, topology, weights);
  } finally {
    tf.dispose(weights);
  }
}

/** The shards of a group in one piece. */
async function readGroup(file: string, group: WeightGroup, readShard: ReadShard): Promise<Uint8Array> {
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
  const bytes = new Uint8Array(group.byteLength);
  let offset = 0;
  for (const shard of shards) {
    bytes.set(shard, offset);
    offset += shard.length;
  }
  return bytes;
}

async function checkFinite(file: string, weights: Readonly<Record<string, tf.Tensor>>): Promise<void> {
  for (const [name, tensor] of Object.entries(weights)) {
    const wrong = (await tensor.data()).find((value: number) => !Number.isFinite(value));
    if (wrong !== undefined)
      throw new AdvrobError(
        'ADVROB_WEIGHTS_NOT_FINITE',
        `${file}: weight '${name}' holds ${wrong}: the training that made it diverged; use an earlier checkpoint`,
      );
  }
}
