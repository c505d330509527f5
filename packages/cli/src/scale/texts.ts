import { optionJsonSchema, type Json, type PluginKind, type Registry } from '@advrob/core';
import { part, type Part } from '../config/part-schema.js';

/**
 * Where options of a part hold text that its schema does not list word by word: such text may be the
 * path of a file. Paths of keys, `directory` or `adversary.model`.
 */
export function freeTexts(registry: Registry, kind: PluginKind, { name, options }: Part): string[] {
  const schema = optionJsonSchema(registry.find(kind, name).definition.options);
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Json>>;
  return Object.entries(options).flatMap(([key, value]) => {
    const property = (properties[key] ?? {}) as { readonly advrob?: string };
    const inner = property.advrob === 'attack' ? 'attacks' : property.advrob === 'dataset' ? 'datasets' : undefined;
    const named = inner ? part.safeParse(value) : undefined;
    if (inner && named?.success) return freeTexts(registry, inner, named.data).map((path) => `${key}.${path}`);
    const known = new Set(wordsIn(property));
    return textsIn(value).every((text) => known.has(text)) ? [] : [key];
  });
}

/** All texts in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null
    ? [...Object.keys(value).filter((key) => !/^\d+$/.test(key)), ...Object.values(value).flatMap(textsIn)]
    : [];
}

/** The words that a JSON Schema lists: of enumerations, constants, and names of properties. */
function wordsIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'enum' || key === 'const') return textsIn([value].flat());
    if (key === 'properties')
      return [...Object.keys(value as object), ...Object.values(value as object).flatMap(wordsIn)];
    return wordsIn(value);
  });
}
