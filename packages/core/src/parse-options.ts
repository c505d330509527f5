import type { OptionSchema } from './contract/index.js';
import { AdvrobError, nearNames } from './errors.js';
import { issuesInLine } from './option-issues.js';

/**
 * Validates options against their schema and fills in defaults. `who` names the owner in the
 * message, e.g. `attack 'pgd'`.
 *
 * @throws AdvrobError `ADVROB_OPTION` naming every wrong option, with near names for unknown
 *   ones.
 */
export function parseOptions<O>(schema: OptionSchema<unknown, O>, options: unknown, who: string): O {
  const result = schema['~standard'].validate(options ?? {});
  if (result instanceof Promise)
    throw new AdvrobError('ADVROB_OPTION', `${who}: its option schema validates asynchronously; use a synchronous one`);
  if (result.issues === undefined) return result.value;
  const known = optionNames(schema);
  const unknown = isRecord(options)
    ? Object.keys(options).filter((key) => known.length > 0 && !known.includes(key))
    : [];
  const hints = unknown.flatMap((key) => {
    const near = nearNames(key, known);
    return near.length > 0 ? [`did you mean ${near.join(' or ')} instead of ${key}?`] : [];
  });
  const allowed = unknown.length > 0 ? [`known options: ${known.join(', ')}`] : [];
  throw new AdvrobError(
    'ADVROB_OPTION',
    `${who}: ${[issuesInLine(result.issues, options ?? {}), ...hints, ...allowed].join('; ')}`,
  );
}

/**
 * The JSON Schema of the options as a user writes them (defaults not yet filled in). What JSON
 * cannot hold, such as a model (zod's `z.custom`), may be anything there.
 */
export function optionJsonSchema(schema: OptionSchema<unknown, unknown>): Record<string, unknown> {
  return schema['~standard'].jsonSchema.input({
    target: 'draft-2020-12',
    libraryOptions: { unrepresentable: 'any' },
  });
}

/** Names of the options, in schema order; empty when the schema is not an object. */
export function optionNames(schema: OptionSchema<unknown, unknown>): string[] {
  const { properties } = optionJsonSchema(schema);
  return isRecord(properties) ? Object.keys(properties) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
