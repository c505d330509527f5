import type { Extras, Json } from '@advrob/core';
import { identifyBackend, identifyData, identifyModel, identifyValue } from '@advrob/core/identity';
import type { FitOptions } from './options.js';
import type { Settings } from './settings.js';

/**
 * Everything that decides how a run goes on and that `fit` can see: two runs with equal
 * descriptions and equal states end with equal weights. The model is described as it is given,
 * before anything is restored.
 */
export async function describeRun<P extends Extras, E extends Extras>(
  options: FitOptions<P, E>,
  settings: Settings,
): Promise<Json> {
  const { model, data, validation, optimizer, averager, transforms = [], augmentations = [] } = options;
  const { saveEvery: _, keep: __, threat, ...numbers } = settings;
  return plainJson({
    format: 2,
    backend: identifyBackend(),
    model: await identifyModel(model),
    ...numbers,
    threat: threat && { norm: threat.norm, epsilon: threat.epsilon },
    data: identifyData(data),
    objective: await described(options.objective.origin),
    optimizer: await described(optimizer?.origin ?? optimizer),
    transforms: await described(transforms.map((each) => each.origin ?? each)),
    averager: await described(averager?.origin ?? averager),
    augmentations: await described(augmentations.map((each) => each.origin ?? each)),
    attack: await described(options.attack),
    validation: validation && {
      data: identifyData(validation.data),
      batchSize: validation.batchSize,
      attack: await described(validation.attack),
      measure: await described(validation.measure),
    },
    config: options.config,
  });
}

async function described(part: unknown): Promise<Json | undefined> {
  return part === undefined ? undefined : identifyValue(part);
}

/**
 * The value as JSON: functions and undefined entries are left out, numbers that JSON lacks become
 * text, typed arrays become lists.
 */
export function plainJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(plainJson);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>, plainJson);
  if (typeof value !== 'object') return null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined && typeof entry !== 'function')
      .map(([key, entry]) => [key, plainJson(entry)]),
  );
}
