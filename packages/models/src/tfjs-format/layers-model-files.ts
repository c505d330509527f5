import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { io } from '@tensorflow/tfjs-core';
import { buildLayersModel } from './build-layers-model.js';
import { checkFinite, readShards } from './shards.js';
import { readModelJson } from './manifest.js';
import type { ReadShard } from './shards.js';
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

const shardName = 'group1-shard1of1.bin';

/**
 * The files of a LayersModel by name: `model.json` and one shard with all weights, as every tfjs reads them. Optimizers are not saved.
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
    async save(artifacts: io.ModelArtifacts) {
      const { modelTopology, format, generatedBy, convertedBy, weightSpecs, weightData } = artifacts;
      const weightsManifest = [{ paths: [shardName], weights: weightSpecs }];
      const json = { modelTopology, format, generatedBy, convertedBy, weightsManifest };
      files.set('model.json', new TextEncoder().encode(JSON.stringify(json)));
      files.set(shardName, joined(weightData));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  return files;
}

function joined(data: io.WeightData | undefined): Uint8Array {
  const parts = (data === undefined ? [] : Array.isArray(data) ? data : [data]).map((part) => new Uint8Array(part));
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
