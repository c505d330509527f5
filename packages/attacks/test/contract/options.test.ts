import '@tensorflow/tfjs-backend-cpu';
import { AdvrobError, createRegistry, type AnyFactory } from '@advrob/core';
import { describe, expect, it } from 'vitest';
import plugin from '../../src/index.js';
import { table } from './table.js';

interface FieldSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: FieldSchema;
}

/** Values that a field of this schema must refuse: other types, what is no number, and numbers just outside of the range. */
function wrongValues({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...rest }: FieldSchema): unknown[] {
  if (rest.enum) return [`${rest.enum[0]!}x`, '', 1, null, {}];
  if (type === 'boolean') return ['true', 1, null];
  if (type === 'array') return ['a', null, [], ...wrongValues(rest.items ?? {}).map((value) => [value])];
  if (type !== 'number' && type !== 'integer') return [1, 'a', null, {}];
  const step = type === 'integer' ? 1 : 1e-6;
  const isBelow = minimum !== undefined && minimum > -Number.MAX_SAFE_INTEGER;
  const isAbove = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return [
    ...['1', true, null, NaN, {}, [1]],
    ...(type === 'integer' ? [1.5] : []),
    ...(isBelow ? [minimum - step] : []),
    ...(isAbove ? [maximum + step] : []),
    ...(exclusiveMinimum === undefined ? [] : [exclusiveMinimum]),
    ...(exclusiveMaximum === undefined ? [] : [exclusiveMaximum]),
  ];
}

const registry = createRegistry([plugin]);
const factories: Readonly<Record<string, AnyFactory>> = plugin.attacks;

function errorOf(body: () => unknown): AdvrobError {
  try {
    body();
  } catch (error) {
    if (error instanceof AdvrobError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

it('has rows for every registered attack', () => {
  expect(Object.keys(table).sort()).toEqual(Object.keys(factories).sort());
  for (const rows of Object.values(table)) expect(rows.length).toBeGreaterThan(0);
});

describe.each(Object.keys(factories))('%s', (name) => {
  const factory = factories[name]!;
  const { options } = factory.definition;
  const { properties = {} } = options['~standard'].jsonSchema.input({ target: 'draft-2020-12' }) as {
    properties?: Record<string, FieldSchema>;
  };
  /** Options that are right, so that only one is wrong at a time. */
  const right = table[name as keyof typeof table][0]!.attack.options as object;

  it('names every option that is wrong', () => {
    for (const [field, schema] of Object.entries(properties))
      for (const value of wrongValues(schema)) {
        const { code, message } = errorOf(() => factory({ ...right, [field]: value }));
        expect(code).toBe('ADVROB_OPTION');
        expect(message).toContain(`attack '${name}'`);
        expect(message).toContain(field);
      }
  });

  it('describes every option', () => {
    for (const [field, schema] of Object.entries(properties))
      expect((schema as { description?: string }).description ?? `nothing about ${field}`).toMatch(
        /^(?!nothing about).{8,}/,
      );
  });

  it('refuses options that it does not have, and names those that it has', () => {
    const { code, message } = errorOf(() => factory({ ...right, unheardOf: 1 }));
    expect(code).toBe('ADVROB_OPTION');
    expect(message).toContain('unheardOf');
    for (const field of Object.keys(properties)) expect(message).toContain(field);
  });

  it('is proposed for a name that is nearly its own', () => {
    const misspelled = `${name.slice(0, -1)}${name.at(-1) === 'x' ? 'y' : 'x'}`;
    const { code, message } = errorOf(() => registry.find('attacks', misspelled));
    expect(code).toBe('ADVROB_UNKNOWN_NAME');
    expect(message).toContain(misspelled);
    expect(message).toContain(name);
  });
});
