import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { buildLayersModel } from './build-layers-model.js';
import { checkFinite } from './check-finite.js';
import { readModelJson } from './manifest.js';
import { type ReadShard, readShards } from './shards.js';
import { checkTopology } from './topology.js';

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
  const { topology, groups } = readModelJson(modelJson, name, 'layers-model');
  checkTopology(name, topology);
  const weights: Record<string, tf.Tensor> = {};
  try {
    for (const group of groups) {
      const bytes = await readShards(name, group, readShard);
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
