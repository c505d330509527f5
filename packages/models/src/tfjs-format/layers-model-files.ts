import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { buildLayersModel } from './build-layers-model.js';
import { understandKeras } from './keras-options.js';
import { asKeras2, isKeras3 } from './keras3.js';
import { readModelJson, tfjsSpecs } from './manifest.js';
import { checkFinite, joined, readShards, type ReadShard } from './shards.js';
import { checkTopology } from './topology.js';

/**
 * A tfjs LayersModel out of a model.json and its shards. Everything is checked against everything
 * else before memory is taken for it. A saved optimizer is left out.
 *
 * @param name What messages call the file.
 * @throws AdvrobError `ADVROB_MODEL_FILE` for a malformed or unbuildable model,
 *   `ADVROB_WEIGHTS_NOT_FINITE` for NaN or infinity.
 * @example
 * ```ts
 * const read = async (path: string) => new Uint8Array(await (await fetch(path)).arrayBuffer());
 * const layers = await loadLayersModelFiles(await read('model.json'), read);
 * const model = await fromLayersModel(layers, { bounds: [0, 1] });
 * ```
 */
export async function loadLayersModelFiles(
  modelJson: Uint8Array,
  readShard: ReadShard,
  name = 'model.json',
): Promise<LayersModel> {
  const { topology: saved, groups } = readModelJson(modelJson, name, 'layers-model');
  const byPath = isKeras3(saved);
  const topology = keras2Topology(name, saved);
  const weights: Record<string, tf.Tensor> = {};
  try {
    for (const group of groups) {
      const bytes = await readShards(name, group, readShard);
      const tensors = tf.io.decodeWeights(bytes.buffer as ArrayBuffer, tfjsSpecs(group));
      for (const { name: weight, isOfModel } of group.weights)
        if (isOfModel) weights[weight] = tensors[weight]!;
        else tensors[weight]!.dispose();
    }
    await checkFinite(name, weights);
    return await buildLayersModel(name, topology, weights, { byPath });
  } finally {
    tf.dispose(weights);
  }
}

/**
 * A topology of any Keras as tfjs-layers computes the same, checked.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE`.
 */
export function keras2Topology(name: string, saved: Record<string, unknown>): Record<string, unknown> {
  const topology = isKeras3(saved) ? asKeras2(name, saved) : saved;
  checkTopology(name, topology);
  return understandKeras(name, topology);
}

const shardName = 'group1-shard1of1.bin';

/**
 * The files of a LayersModel by name: `model.json` and one shard with all weights, as every tfjs
 * reads them. Optimizers are not saved.
 *
 * @example
 * ```ts
 * const files = await saveLayersModelFiles(layers);
 * const json = files.get('model.json');
 * ```
 */
export async function saveLayersModelFiles(model: LayersModel): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  await model.save({
    async save(artifacts: tf.io.ModelArtifacts) {
      const { modelTopology, format, generatedBy, convertedBy, weightSpecs, weightData } = artifacts;
      const weightsManifest = [{ paths: [shardName], weights: weightSpecs }];
      const json = { modelTopology, format, generatedBy, convertedBy, weightsManifest };
      files.set('model.json', new TextEncoder().encode(JSON.stringify(json)));
      files.set(shardName, joined([weightData ?? []].flat().map((part) => new Uint8Array(part))));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  return files;
}
