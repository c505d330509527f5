import { AdvrobError, type Classifier, type Json } from '@advrob/core';
import { hashModel } from './model-hash.js';

/** Everything that the result depends on. */
export type Fingerprint = { readonly [key: string]: Json };

/**
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` naming everything that differs.
 */
export function checkSame(found: Json, expected: Fingerprint, journal: string): void {
  const differences = differencesOf('', found, expected);
  if (differences.length > 0)
    throw new AdvrobError(
      'ADVROB_EVALUATION_MISMATCH',
      `this storage holds another evaluation: ${differences.join('; ')}. Use another folder, or remove '${journal}' to start over`,
    );
}

function differencesOf(path: string, found: Json | undefined, expected: Json | undefined): string[] {
  if (JSON.stringify(found) === JSON.stringify(expected)) return [];
  if (!isContainer(found) || !isContainer(expected))
    return [`${path === '' ? 'format' : path} was ${short(found)}, is ${short(expected)}`];
  const keys = [...new Set([...Object.keys(found), ...Object.keys(expected)])];
  return keys.flatMap((key) => differencesOf(path === '' ? key : `${path}.${key}`, found[key], expected[key]));
}

function isContainer(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null;
}

function short(value: Json | undefined): string {
  const text = value === undefined ? 'not there' : JSON.stringify(value);
  return text.length > 70 ? `${text.slice(0, 67)}...` : text;
}

/**
 * Settings as JSON, for records and comparisons: attacks by name and options, models by the SHA-256
 * of their weights, functions by name, binary arrays as lists.
 *
 * @param mustIdentify - Whether a later session has to tell the settings from others.
 * @throws AdvrobError `ADVROB_OPTION` with `mustIdentify` for a model without named weights.
 */
export async function describeValue(value: unknown, mustIdentify = false): Promise<Json> {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array, finite);
  if (typeof value !== 'object') return String(value);
  const inner = (part: unknown): Promise<Json> => describeValue(part, mustIdentify);
  if (Array.isArray(value)) return Promise.all(value.map(inner));
  if (isClassifier(value)) return { model: await identityOf(value, mustIdentify) };
  if ('definition' in value && 'options' in value && 'name' in value)
    return { attack: String(value.name), options: await inner(value.options) };
  const parts = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(
    await Promise.all(parts.map(async ([key, part]): Promise<[string, Json]> => [key, await inner(part)])),
  );
}

function finite(value: number): Json {
  return Number.isFinite(value) ? value : String(value);
}

function isClassifier(value: object): value is Classifier {
  return 'logits' in value && typeof value.logits === 'function' && 'weights' in value && 'numClasses' in value;
}

async function identityOf(model: Classifier, mustIdentify: boolean): Promise<string | null> {
  const hash = await hashModel(model);
  if (hash === undefined && mustIdentify)
    throw new AdvrobError(
      'ADVROB_OPTION',
      'an attack has an option that is a model without named weights, so a later session could not tell it from another: give a model with named weights, or no storage',
    );
  return hash ?? null;
}
