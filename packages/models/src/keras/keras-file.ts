import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { buildLayersModel } from '../tfjs-format/build-layers-model.js';
import { formatError, isRecord } from '../tfjs-format/format-error.js';
import { keras2Topology } from '../tfjs-format/layers-model-files.js';
import { checkFinite } from '../tfjs-format/shards.js';
import { readHdf5, type Hdf5Folder, type StoredTensor } from './hdf5.js';
import { readZip } from './zip.js';

const zip = 'PK\x03\x04';
const hdf5 = '\x89HDF\r\n\x1a\n';
const mostText = 64 * 1024 * 1024;
const mostWeights = 4 * 1024 ** 3;

/** A model as Keras saved it. */
interface KerasFile {
  readonly topology: Record<string, unknown>;
  /** Weights by their paths, read when they are asked for. */
  weights(): ReadonlyMap<string, StoredTensor> | Promise<ReadonlyMap<string, StoredTensor>>;
}

/**
 * A LayersModel out of a `.keras` file of Keras 3, or a `.h5` file of a whole model of Keras 2 or 3,
 * read with the package `h5wasm`. Everything is checked against everything else: a weight that no
 * layer takes, or a layer without its weights, is an error, as is all that tfjs-layers would compute
 * otherwise than Keras.
 *
 * @param name What messages call the file.
 * @throws AdvrobError `ADVROB_MODEL_FILE` for a malformed or unsupported model, naming the layer,
 *   `ADVROB_WEIGHTS_NOT_FINITE` for NaN or infinity.
 * @example
 * ```ts
 * const layers = await loadKerasFile(bytes, 'digits.keras');
 * const model = await fromLayersModel(layers, { bounds: [0, 1] });
 * ```
 */
export async function loadKerasFile(bytes: Uint8Array, name = 'model.keras'): Promise<LayersModel> {
  const read = await readKerasFile(bytes, name);
  // What is not supported is said before what follows from it.
  const topology = keras2Topology(name, read.topology);
  const stored = await read.weights();
  const weights: Record<string, tf.Tensor> = {};
  try {
    for (const [path, { shape, data }] of stored)
      weights[path] = tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32');
    await checkFinite(name, weights);
    return await buildLayersModel(name, topology, weights, { byPath: true });
  } finally {
    tf.dispose(weights);
  }
}

/** Whether a file is one for {@link loadKerasFile}: HDF5, or a zip archive of that name. */
export function isKerasFile(bytes: Uint8Array, path: string): boolean {
  return startsWith(bytes, hdf5) || (path.endsWith('.keras') && startsWith(bytes, zip));
}

async function readKerasFile(bytes: Uint8Array, name: string): Promise<KerasFile> {
  if (startsWith(bytes, zip)) return readArchive(bytes, name);
  if (startsWith(bytes, hdf5)) return readWholeModel(await readHdf5(name, bytes), name);
  throw formatError(name, 'it is neither a .keras nor an .h5 file of Keras');
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return [...magic].every((letter, i) => bytes[i] === letter.charCodeAt(0));
}

async function readArchive(bytes: Uint8Array, name: string): Promise<KerasFile> {
  const files = await readZip(name, bytes, {
    'config.json': mostText,
    'metadata.json': mostText,
    'model.weights.h5': mostWeights,
  });
  const [config, metadata, weights] = ['config.json', 'metadata.json', 'model.weights.h5'].map((each) =>
    files.get(each),
  );
  if (!config || !metadata || !weights)
    throw formatError(name, 'it is no .keras file: config.json, metadata.json or model.weights.h5 is missing in it');
  const { keras_version: version } = parsed(name, metadata);
  const model = parsed(name, config);
  return {
    topology: { keras_version: version, model_config: model },
    async weights() {
      const found = new Map<string, StoredTensor>();
      const rest = collect(name, model, await readHdf5(name, weights), [], found);
      if (rest !== undefined) throw formatError(name, `weight '${rest}' belongs to no layer of the model`);
      return found;
    },
  };
}

function parsed(file: string, bytes: Uint8Array | string): Record<string, unknown> {
  try {
    const text = typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // Said below.
  }
  throw formatError(file, 'the description of its layers is no JSON object');
}

/** Keras names folders by the class of a layer, counted in the order of the layers. */
function folderName(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** What an optimizer, metrics and random numbers keep beside the weights. */
const notOfLayers =
  /^(optimizer|_?metrics|compile_metrics|loss_tracker|_loss_tracker|.*seed_generator|_?seed_gens?|_compile_metrics)$/;
/** Folders of layers inside of a layer, in the order of their weights. */
const innerFolders = ['cell', 'forward_layer', 'backward_layer', 'layer'];
const listFolders = ['layers', '_layer_checkpoint_dependencies'];

/**
 * Puts the weights of a model and the models inside under the names of their layers. Gives the path
 * of a weight that is left over.
 */
function collect(
  file: string,
  model: Record<string, unknown>,
  folder: Hdf5Folder,
  around: readonly string[],
  found: Map<string, StoredTensor>,
): string | undefined {
  if (around.length > 50) throw formatError(file, 'its models are nested more than 50 levels deep');
  const config = isRecord(model['config']) ? model['config'] : {};
  const layers: unknown[] = Array.isArray(config['layers']) ? config['layers'] : [];
  const list = listFolders.find((each) => folder.folders.has(each));
  const counts = new Map<string, number>();
  const used = new Set(list === undefined ? [] : [list]);
  const inList = new Set<string>();
  const path = [...around, String(config['name'])];
  for (const layer of layers) {
    if (!isRecord(layer) || !isRecord(layer['config']) || typeof layer['class_name'] !== 'string') continue;
    // Operations between layers have no folder.
    if (/^keras\.(src\.)?ops\b/.test(String(layer['module']))) continue;
    const base = folderName(layer['class_name']);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    const name = count === 0 ? base : `${base}_${count}`;
    const own = list === undefined ? undefined : folder.folders.get(list)!.folders.get(name);
    if (own === undefined) continue;
    inList.add(name);
    const layerName = String(layer['config']['name']);
    checkName(file, own, layerName);
    const isModel = Array.isArray(layer['config']['layers']);
    const rest = isModel
      ? collect(file, layer, own, path, found)
      : collectLayer(own, [...path, layerName].join('/'), found);
    if (rest !== undefined) return rest;
  }
  const lists = list === undefined ? [] : [...folder.folders.get(list)!.folders].filter(([each]) => !inList.has(each));
  const others = [...folder.folders].filter(([each]) => !used.has(each) && !notOfLayers.test(each));
  return [...lists, ...others].map(([each, inner]) => firstTensor(inner, [...path, each].join('/'))).find(Boolean);
}

/** Newer files say beside the weights which layer they are of. */
function checkName(file: string, own: Hdf5Folder, layerName: string): void {
  const said = own.folders.get('vars')?.attributes['name'];
  if (said !== undefined && said !== layerName)
    throw formatError(file, `its weights of layer '${String(said)}' stand where those of '${layerName}' are expected`);
}

function collectLayer(folder: Hdf5Folder, path: string, found: Map<string, StoredTensor>): string | undefined {
  let index = 0;
  const visit = (at: Hdf5Folder): string | undefined => {
    const own = at.folders.get('vars')?.tensors ?? new Map<string, StoredTensor>();
    const ordered = [...own].sort(([a], [b]) => Number(a) - Number(b));
    for (const [, tensor] of ordered) found.set(`${path}/${index++}`, tensor);
    for (const name of innerFolders) {
      const inner = at.folders.get(name);
      const rest = inner && visit(inner);
      if (rest !== undefined) return rest;
    }
    const others = [...at.folders].filter(
      ([name]) => name !== 'vars' && !innerFolders.includes(name) && !notOfLayers.test(name),
    );
    return others.map(([name, inner]) => firstTensor(inner, `${path}/${name}`)).find(Boolean);
  };
  return visit(folder);
}

function firstTensor(folder: Hdf5Folder, path: string): string | undefined {
  const [name] = folder.tensors.keys();
  if (name !== undefined) return `${path}/${name}`;
  for (const [each, inner] of folder.folders) {
    const found = firstTensor(inner, `${path}/${each}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The legacy file of a whole model. */
function readWholeModel({ attributes, folders }: Hdf5Folder, name: string): KerasFile {
  const { model_config: config, keras_version: version } = attributes;
  const list = folders.get('model_weights');
  if (typeof config !== 'string' || list === undefined)
    throw formatError(
      name,
      'it holds weights without the layers that they belong to: save the whole model, model.save("model.keras")',
    );
  const weights = new Map<string, StoredTensor>();
  const layers = list.attributes['layer_names'] ?? [];
  for (const layer of [layers].flat()) {
    const folder = list.folders.get(layer);
    const names = [folder?.attributes['weight_names'] ?? []].flat();
    for (const each of names) {
      const tensor = tensorAt(folder, each.split('/'));
      if (tensor === undefined) throw formatError(name, `weight '${each}' of layer '${layer}' is missing`);
      // Keras 2 leaves the names of the models around a layer out.
      weights.set(each.startsWith(`${layer}/`) ? each : `${layer}/${each}`, tensor);
    }
  }
  return { topology: { keras_version: version ?? '2', model_config: parsed(name, config) }, weights: () => weights };
}

function tensorAt(folder: Hdf5Folder | undefined, path: readonly string[]): StoredTensor | undefined {
  const [name, ...rest] = path;
  if (folder === undefined || name === undefined) return undefined;
  return rest.length === 0 ? folder.tensors.get(name) : tensorAt(folder.folders.get(name), rest);
}
