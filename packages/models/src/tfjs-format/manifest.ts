import { formatError, isRecord } from './format-error.js';

/** Some shards and the weights that lie in them, one after the other. */
export interface WeightGroup {
  /** Plain file names. */
  readonly paths: readonly string[];
  readonly weights: readonly WeightSpec[];
  /** Bytes of all weights, which the shards together must have. */
  readonly byteLength: number;
}

/** A model.json, checked. */
interface ModelJson {
  /** As in the file. */
  readonly topology: Record<string, unknown>;
  readonly groups: readonly WeightGroup[];
}

type ModelFormat = 'layers-model' | 'graph-model';

/**
 * Reads and checks a model.json of this format; a LayersModel need not say that it is one.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE`.
 */
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

/**
 * A shard lies beside model.json: a path that leads elsewhere could read any file. tfjs writes
 * `./name` when a browser saves a model.
 */
function checkPath(file: string, path: unknown): string {
  const plain = typeof path === 'string' ? path.replace(/^\.\//, '') : '';
  if (/^[^/\\:\0]+$/.test(plain) && plain !== '.' && plain !== '..') return plain;
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

/** One weight of the manifest, its numbers checked. */
interface WeightSpec {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly quantization?: {
    readonly dtype: 'uint8' | 'uint16' | 'float16';
    readonly scale?: number;
    readonly min?: number;
  };
  /** Bytes in the shards. */
  readonly byteLength: number;
  /** Whether it is a weight of the model; optimizers save theirs in the same list. */
  readonly isOfModel: boolean;
}

/** The weights of a group as tfjs describes them. */
export function tfjsSpecs({ weights }: WeightGroup): Omit<WeightSpec, 'byteLength' | 'isOfModel'>[] {
  return weights.map(({ byteLength: _, isOfModel: __, ...spec }) => spec);
}

const bytesPerValue = { float32: 4, int32: 4, bool: 1 } as const;
const bytesPerQuantized = { uint8: 1, uint16: 2, float16: 2 } as const;

/** @throws AdvrobError `ADVROB_MODEL_FILE` unless `value` describes a weight. */
function readWeightSpec(file: string, value: unknown): WeightSpec {
  if (!isRecord(value) || typeof value['name'] !== 'string' || value['name'] === '__proto__')
    throw formatError(file, 'weightsManifest has a weight without a name');
  const { name, shape, dtype, quantization, group } = value as { name: string } & Record<string, unknown>;
  if (!Array.isArray(shape) || !shape.every((side) => Number.isSafeInteger(side) && side > 0))
    throw formatError(file, `weight '${name}': its shape is not a list of positive whole numbers`);
  if (typeof dtype !== 'string' || !Object.hasOwn(bytesPerValue, dtype))
    throw formatError(file, `weight '${name}': expected dtype float32, int32 or bool, found ${JSON.stringify(dtype)}`);
  const count = (shape as number[]).reduce((product, side) => product * side, 1);
  const about = {
    name,
    shape: shape as number[],
    dtype: dtype as WeightSpec['dtype'],
    isOfModel: group !== 'optimizer',
  };
  if (quantization === undefined) return { ...about, byteLength: count * bytesPerValue[about.dtype] };
  if (dtype === 'bool') throw formatError(file, `weight '${name}': bool weights have no quantization`);
  const checked = readQuantization(file, name, quantization);
  return { ...about, quantization: checked, byteLength: count * bytesPerQuantized[checked.dtype] };
}

function readQuantization(file: string, name: string, value: unknown): NonNullable<WeightSpec['quantization']> {
  const { dtype, scale, min } = isRecord(value) ? value : {};
  if (dtype === 'float16') return { dtype };
  if ((dtype === 'uint8' || dtype === 'uint16') && Number.isFinite(scale) && Number.isFinite(min))
    return { dtype, scale: scale as number, min: min as number };
  throw formatError(
    file,
    `weight '${name}': its quantization is neither float16 nor uint8 or uint16 with scale and min`,
  );
}
