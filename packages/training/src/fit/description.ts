import type { Extras, Json } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FitOptions } from './options.js';
import type { Settings } from './settings.js';

/**
 * Everything that decides how a run goes on and that `fit` can see: two runs with equal
 * descriptions and equal states end with equal weights.
 */
export function describeRun<P extends Extras, E extends Extras>(options: FitOptions<P, E>, settings: Settings): Json {
  const { model, data, validation, attack } = options;
  const { saveEvery: _, keep: __, threat, ...numbers } = settings;
  return plainJson({
    ...numbers,
    threat: threat && { norm: threat.norm, epsilon: threat.epsilon },
    data: { hash: data.hash, length: data.length },
    objective: options.objective.origin,
    optimizer: options.optimizer?.origin,
    transforms: (options.transforms ?? []).map(({ origin }) => origin ?? null),
    averager: options.averager?.origin,
    augmentations: options.augmentations?.map(({ origin }) => origin ?? null),
    attack: attack && { name: attack.name, options: attack.options },
    validation: validation && {
      data: { hash: validation.data.hash, length: validation.data.length },
      batchSize: validation.batchSize,
      attack: validation.attack && { name: validation.attack.name, options: validation.attack.options },
    },
    weights: Object.fromEntries(Object.entries(model.weights).map(([name, { shape }]) => [name, shape])),
    backend: tf.getBackend(),
    config: options.config,
  });
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

/**
 * The first place where two JSON values differ, e.g. `optimizer.options.momentum`, with both values
 * there; undefined when they are equal.
 */
export function firstDifference(
  a: Json | undefined,
  b: Json | undefined,
  path = '',
): { readonly path: string; readonly a: Json | undefined; readonly b: Json | undefined } | undefined {
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = firstDifference(a[key], b[key], path === '' ? key : `${path}.${key}`);
      if (found) return found;
    }
    return undefined;
  }
  return JSON.stringify(a) === JSON.stringify(b) ? undefined : { path, a, b };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
