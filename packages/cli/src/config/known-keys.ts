import { experimentJsonSchema } from './schema.js';

type Schema = Readonly<Record<string, unknown>>;

/** The keys that a config may have at a path. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  let schemas: Schema[] = [experimentJsonSchema()];
  for (const step of path) schemas = schemas.flatMap(alternatives).flatMap((schema) => inner(schema, step));
  return [
    ...new Set(schemas.flatMap(alternatives).flatMap((schema) => Object.keys((schema['properties'] ?? {}) as object))),
  ];
}

function alternatives(schema: Schema): Schema[] {
  const either = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
  return either ? either.flatMap(alternatives) : [schema];
}

function inner(schema: Schema, step: PropertyKey): Schema[] {
  if (typeof step === 'number') return schema['items'] ? [schema['items'] as Schema] : [];
  const property = (schema['properties'] as Record<string, Schema> | undefined)?.[String(step)];
  if (property) return [property];
  return typeof schema['additionalProperties'] === 'object' ? [schema['additionalProperties'] as Schema] : [];
}
