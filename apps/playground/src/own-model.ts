import type { Classifier } from '@advrob/core';
import { fromLayersModel, loadLayersModelFiles, loadModel } from '@advrob/models';
import type { Expects } from './protocol.js';

/** A file that the visitor chose: read here, sent nowhere. */
export interface ChosenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const normalizations: Readonly<Record<Expects, { mean: number | number[]; std: number | number[] } | undefined>> = {
  unit: undefined,
  bytes: { mean: 0, std: 1 / 255 },
  signed: { mean: 0.5, std: 0.5 },
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};
const bounds = [0, 1] as const;

/**
 * The visitor's network: an ONNX file, a safetensors file that names its architecture, or a tfjs model.json with
 * its shards. Readers are loaded when they are needed.
 */
export async function openFiles(files: readonly ChosenFile[], expects: Expects): Promise<Classifier> {
  const [first] = files;
  const normalization = normalizations[expects];
  const onnx = files.find(({ name }) => name.endsWith('.onnx'));
  if (onnx) {
    const [{ readOnnx }, { fromOnnx }] = await Promise.all([import('@advrob/onnx'), import('@advrob/models/onnx')]);
    return fromOnnx(readOnnx(onnx.bytes), { bounds, ...normalization });
  }
  const json = files.find(({ name }) => name.endsWith('.json'));
  if (json) return openTfjs(json, files, normalization);
  if (first?.name.endsWith('.safetensors')) return loadModel(first.bytes, { name: first.name, normalization });
  throw new Error(
    `${first?.name ?? 'no file'}: expected an .onnx file, a .safetensors file, or a model.json together with its .bin files`,
  );
}

async function openTfjs(
  json: ChosenFile,
  files: readonly ChosenFile[],
  normalization: (typeof normalizations)[Expects],
): Promise<Classifier> {
  const readShard = (path: string): Promise<Uint8Array> => {
    const found = files.find(({ name }) => name === path.split('/').at(-1));
    return found
      ? Promise.resolve(found.bytes)
      : Promise.reject(new Error(`${json.name} needs ${path}: choose it together with ${json.name}`));
  };
  const isGraph = /"format"\s*:\s*"graph-model"/.test(new TextDecoder().decode(json.bytes));
  if (!isGraph)
    return fromLayersModel(await loadLayersModelFiles(json.bytes, readShard, json.name), { bounds, ...normalization });
  const { loadGraphModelFiles } = await import('@advrob/models/graph');
  return loadGraphModelFiles(json.bytes, readShard, { bounds, ...normalization }, json.name);
}
