import type { AnyFactory } from '@advrob/core';
import { AdvrobError } from '@advrob/core';
import { expect, it } from 'vitest';

interface FieldSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: FieldSchema;
}

interface OptionsSchema {
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required: readonly string[];
}

/** The JSON Schema of an attack's options. */
export function optionsSchemaOf({ options }: AnyFactory['definition']): OptionsSchema {
  const schema = options['~standard'].jsonSchema.input({ target: 'draft-2020-12' });
  return { properties: {}, required: [], ...schema };
}

/**
 * Values that a field of this schema must refuse: other types, what is no number, and numbers just
 * outside of the range.
 */
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

function errorOf(body: () => unknown): AdvrobError {
  try {
    body();
  } catch (error) {
    if (error instanceof AdvrobError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/**
 * What an attack takes and refuses. `right`: options that it takes, so that only one is wrong at a
 * time.
 */
export function testOptions(factory: AnyFactory, right: object): void {
  const { properties } = optionsSchemaOf(factory.definition);

  it('names every option that is wrong', () => {
    for (const [field, schema] of Object.entries(properties))
      for (const value of wrongValues(schema)) {
        const { code, message } = errorOf(() => factory({ ...right, [field]: value }));
        expect(code).toBe('ADVROB_OPTION');
        expect(message).toContain(`attack '${factory.definition.name}'`);
        expect(message).toContain(field);
      }
  });

  it('describes every option', () => {
    for (const [field, { description = `nothing about ${field}` }] of Object.entries(properties))
      expect(description).toMatch(/^(?!nothing about).{8,}/);
  });

  it('refuses options that it does not have, and names those that it has', () => {
    const { code, message } = errorOf(() => factory({ ...right, unheardOf: 1 }));
    expect(code).toBe('ADVROB_OPTION');
    expect(message).toContain('unheardOf');
    for (const field of Object.keys(properties)) expect(message).toContain(field);
  });
}
