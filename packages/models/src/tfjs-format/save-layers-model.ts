import type { io } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

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
