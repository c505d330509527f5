import type { Classifier } from '@advrob/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { stat } from 'node:fs/promises';
import type { FromGraphModelOptions } from '../adapters/from-graph-model.js';
import { fromLayersModel, type FromLayersModelOptions } from '../adapters/from-layers-model.js';
import { disposeLayersModel } from '../adapters/layers-variables.js';
import { formatError } from '../tfjs-format/format-error.js';
import { isKerasFile, loadKerasFile } from '../keras/keras-file.js';
import { loadLayersModelFiles } from '../tfjs-format/layers-model-files.js';
import { loadModel, type LoadModelOptions } from '../weights/load-model.js';
import { saveWeights } from '../weights/save-weights.js';
import { readLimited, writeAtomically } from './files.js';
import { loadOnnxFile, type LoadOnnxFileOptions } from './onnx-file.js';
import { openModelFolder, type ModelFolder } from './model-folder.js';

/**
 * Options for either kind of file. Those of `LoadModelOptions` are for safetensors, those of
 * `layers` for tfjs.
 */
export interface LoadModelFileOptions extends Omit<LoadModelOptions, 'name'> {
  /**
   * How to adapt a LayersModel, Keras file or GraphModel. Default: bounds [0, 1]; a softmax at the end is cut
   * off.
   */
  readonly layers?: Partial<FromLayersModelOptions> | undefined;
  /** How to take an ONNX file, beyond what `layers` says of bounds, outputs and normalisation. */
  readonly onnx?: Pick<LoadOnnxFileOptions, 'output' | 'layout' | 'blackBox' | 'compare' | 'inputs'> | undefined;
  /** Most bytes of a safetensors, ONNX or Keras file. Default 4 GiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * Loads a classifier from a safetensors file, an ONNX file, a `.keras` or `.h5` file of Keras, or from
 * a folder with a tfjs LayersModel or GraphModel (or its model.json). A GraphModel needs the package
 * `@tensorflow/tfjs-converter`, an ONNX file `@advrob/onnx`, a file of Keras `h5wasm`.
 *
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_MODEL_OVERSIZED`, and all of `loadModel`,
 *   `loadKerasFile`, `loadLayersModelFolder`, `fromLayersModel` and `loadGraphModelFiles`.
 * @example
 * ```ts
 * const model = await loadModelFile('mnist.safetensors');
 * const other = await loadModelFile('models/keras-mnist', { layers: { bounds: [0, 255] } });
 * ```
 */
export async function loadModelFile(path: string, options: LoadModelFileOptions = {}): Promise<Classifier> {
  const { layers: given, onnx, maxBytes = 4 * 1024 ** 3, ...rest } = options;
  const layers = {
    ...given,
    bounds: given?.bounds ?? ([0, 1] as const),
    mean: given?.mean ?? rest.normalization?.mean,
    std: given?.std ?? rest.normalization?.std,
  };
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder && path.endsWith('.onnx')) return loadOnnxFile(path, { ...layers, ...onnx, maxBytes });
  if (!isFolder && !path.endsWith('.json')) {
    const bytes = await readLimited(path, maxBytes);
    if (!isKerasFile(bytes, path)) return loadModel(bytes, { ...rest, name: path });
    return layersModelClassifier(await loadKerasFile(bytes, path), layers);
  }
  const folder = await openModelFolder(path);
  if (folder.isGraph) return graphModelClassifier(folder, layers);
  return layersModelClassifier(await loadLayersModelFiles(folder.json, folder.readShard, folder.name), layers);
}

/** A classifier that owns its layers. */
async function layersModelClassifier(model: LayersModel, layers: FromLayersModelOptions): Promise<Classifier> {
  try {
    const classifier = await fromLayersModel(model, layers);
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

/**
 * A classifier out of a folder with a GraphModel. The converter is loaded only now, since most
 * users do without it.
 */
async function graphModelClassifier(
  { json, readShard, name }: ModelFolder,
  options: FromGraphModelOptions,
): Promise<Classifier> {
  const { loadGraphModelFiles } = await import('../tfjs-format/graph-model-files.js').catch((cause: unknown) => {
    throw formatError(name, 'a GraphModel needs a package: npm install @tensorflow/tfjs-converter', cause);
  });
  return loadGraphModelFiles(json, readShard, options, name);
}

/**
 * Saves a model's weights and buffers as a safetensors file, with the name and options of its
 * architecture. A crash leaves the old file or the new one.
 *
 * @example
 * ```ts
 * await saveModelFile(model, 'mnist.safetensors');
 * ```
 */
export async function saveModelFile(
  model: Classifier,
  path: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAtomically(path, await saveWeights(model, metadata));
}
