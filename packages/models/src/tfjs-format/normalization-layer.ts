import type { Tensor } from '@tensorflow/tfjs-core';
import { formatError, isRecord } from './format-error.js';

/**
 * Refuses Keras' Normalization layer, which tfjs-layers lacks, and says what to pass in its place.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE`.
 */
export async function refuseNormalizationLayer(
  file: string,
  topology: unknown,
  weights: Readonly<Record<string, Tensor>>,
): Promise<void> {
  const name = normalizationLayer(topology, 0);
  if (name === undefined) return;
  const [mean, variance] = await Promise.all(['mean', 'variance'].map((kind) => valuesOf(weights, name, kind)));
  const std = variance?.map((value) => Math.sqrt(Math.max(value, 1e-14)));
  const words = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(7))).join(',');
  const instead =
    mean && std
      ? `pass its numbers: --mean ${words(mean)} --std ${words(std)} on the command line, mean and std in code (divide both by 255 if it was adapted to bytes)`
      : 'pass its mean and deviation as --mean and --std on the command line, mean and std in code';
  throw formatError(
    file,
    `layer '${name}' is Keras' Normalization, which tfjs-layers does not have: save the model without it and ${instead}`,
  );
}

function normalizationLayer(value: unknown, depth: number): string | undefined {
  if (depth > 100 || typeof value !== 'object' || value === null) return undefined;
  if (isRecord(value) && (value['class_name'] ?? value['className']) === 'Normalization') {
    const { config } = value;
    return isRecord(config) && typeof config['name'] === 'string' ? config['name'] : 'normalization';
  }
  for (const item of Object.values(value)) {
    const found = normalizationLayer(item, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function valuesOf(
  weights: Readonly<Record<string, Tensor>>,
  layer: string,
  kind: string,
): Promise<number[] | undefined> {
  const [, tensor] = Object.entries(weights).find(([name]) => name === `${layer}/${kind}`) ?? [];
  return tensor && tensor.size <= 16 ? Array.from(await tensor.data()) : undefined;
}
