import { formatError, isRecord } from './format-error.js';

/** One weight of the manifest, its numbers checked. */
export interface WeightSpec {
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

const bytesPerValue = { float32: 4, int32: 4, bool: 1 } as const;
const bytesPerQuantized = { uint8: 1, uint16: 2, float16: 2 } as const;

/** @throws AdvrobError `ADVROB_MODEL_FILE` unless `value` describes a weight. */
export function readWeightSpec(file: string, value: unknown): WeightSpec {
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
