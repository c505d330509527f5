import { formatError, isRecord } from './format-error.js';
import { type WeightSpec, readWeightSpec } from './weight-specs.js';

/** Some shards and the weights that lie in them, one after the other. */
export interface WeightGroup {
  /** Plain file names. */
  readonly paths: readonly string[];
  readonly weights: readonly WeightSpec[];
  /** Bytes of all weights, which the shards together must have. */
  readonly byteLength: number;
}

/** A model.json, checked. */
export interface ModelJson {
  /** As in the file. */
  readonly topology: Record<string, unknown>;
  readonly groups: readonly WeightGroup[];
}

export type ModelFormat = 'layers-model' | 'graph-model';

/** Reads and checks a model.json of this format; a LayersModel need not say that it is one. @throws AdvrobError `ADVROB_MODEL_FILE`. */
export function readModelJson(bytes: Uint8Array, file: string, expected: ModelFormat): ModelJson {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw formatError(file, 'it is not JSON: is it a complete model.json?', cause);
  }
  if (!isRecord(json)) throw formatError(file, 'expected a JSON object with modelTopology and weightsManifest');
  const { format, modelTopology, weightsManifest } = json;
  if ((format ?? 'layers-model') !== expected)
    throw formatError(
      file,
      `expected the format '${expected}', found ${JSON.stringify(format)}: a GraphModel is loaded with loadGraphModelFiles of @advrob/models/graph, a LayersModel with loadLayersModelFiles`,
    );
  if (!isRecord(modelTopology)) throw formatError(file, 'modelTopology is missing');
  if (!Array.isArray(weightsManifest)) throw formatError(file, 'weightsManifest is missing');
  const groups = weightsManifest.map((group) => readGroup(file, group));
  checkNames(file, groups);
  return { topology: modelTopology, groups };
}

function readGroup(file: string, group: unknown): WeightGroup {
  if (!isRecord(group) || !Array.isArray(group['paths']) || !Array.isArray(group['weights']))
    throw formatError(file, 'weightsManifest has a group without paths and weights');
  const paths = group['paths'].map((path) => checkPath(file, path));
  const weights = group['weights'].map((weight) => readWeightSpec(file, weight));
  const byteLength = weights.reduce((sum, weight) => sum + weight.byteLength, 0);
  if (!Number.isSafeInteger(byteLength)) throw formatError(file, 'the weights are larger than any file');
  return { paths, weights, byteLength };
}

/** A shard lies beside model.json: a path that leads elsewhere could read any file. */
function checkPath(file: string, path: unknown): string {
  if (typeof path === 'string' && /^[^/\\:\0]+$/.test(path) && path !== '.' && path !== '..') return path;
  throw formatError(file, `expected plain file names as paths of shards, found ${JSON.stringify(path)}`);
}

function checkNames(file: string, groups: readonly WeightGroup[]): void {
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const group of groups) {
    for (const { name } of group.weights) {
      if (names.has(name)) throw formatError(file, `weight '${name}' occurs twice`);
      names.add(name);
    }
    for (const path of group.paths) {
      if (paths.has(path)) throw formatError(file, `shard '${path}' occurs twice`);
      paths.add(path);
    }
  }
}
