import type { Classifier } from '@advrob/core';
import { stat } from 'node:fs/promises';
import { disposeLayersModel } from '../adapters/dispose-layers-model.js';
import { type FromLayersModelOptions, fromLayersModel } from '../adapters/from-layers-model.js';
import { type LoadModelOptions, loadModel } from '../weights/load-model.js';
import { loadLayersModelFolder } from './layers-model-folder.js';
import { readLimited } from './read-limited.js';

/** Options for either kind of file. Those of `LoadModelOptions` are for safetensors, those of `layers` for tfjs. */
export interface LoadModelFileOptions extends Omit<LoadModelOptions, 'name'> {
  /** How to adapt a LayersModel. Default: bounds [0, 1], logits. */
  readonly layers?: Partial<FromLayersModelOptions>;
  /** Most bytes of a safetensors file. Default 4 GiB. */
  readonly maxBytes?: number;
}

/**
 * Loads a classifier from a safetensors file, or from a folder with a tfjs LayersModel (or its model.json).
 *
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_MODEL_OVERSIZED`, and all of `loadModel`, `loadLayersModelFolder` and `fromLayersModel`.
 * @example
 * ```ts
 * const model = await loadModelFile('mnist.safetensors');
 * const other = await loadModelFile('models/keras-mnist', { layers: { outputs: 'probabilities' } });
 * ```
 */
export async function loadModelFile(path: string, options: LoadModelFileOptions = {}): Promise<Classifier> {
  const { layers, maxBytes = 4 * 1024 ** 3, ...rest } = options;
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder && !path.endsWith('.json'))
    return loadModel(await readLimited(path, maxBytes), { ...rest, name: path });
  const model = await loadLayersModelFolder(path);
  try {
    const classifier = await fromLayersModel(model, { bounds: [0, 1], ...layers });
    return {
      ...classifier,
      dispose() {
        classifier.dispose?.();
        disposeLayersModel(model);
      },
    };
  } catch (error) {
    disposeLayersModel(model);
    throw error;
  }
}
