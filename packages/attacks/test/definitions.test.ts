import { describe, expect, it } from 'vitest';
import plugin from '../src/index.js';

interface FieldSchema {
  readonly description?: string;
  readonly default?: unknown;
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
}

/** The names that users, records and cards rely on. */
const names =
  'fgsm bim pgd mim apgd-ce apgd-dlr apgd-t fab fab-t deepfool cw ead ddn fmn sigma-zero jsma langevin square spsa nes simba hopskipjump boundary transfer autoattack';

it('every attack is registered under its name', () => {
  expect(Object.keys(plugin.attacks).sort()).toEqual(names.split(' ').sort());
  for (const [name, { definition }] of Object.entries(plugin.attacks)) expect(definition.name).toBe(name);
});

describe.each(Object.entries(plugin.attacks))('%s', (_, { definition }) => {
  it('says in one sentence what it does, and where it comes from', () => {
    expect(definition.summary).toMatch(/^[A-Z][^.]+\.$/);
    expect(definition.paper).toMatch(/ (19|20)\d\d, [^,]{10,}.*https:\/\/arxiv\.org\/abs\/\d{4}\.\d{4,5}/);
  });

  it('describes every option in a phrase, with its default where it has one', () => {
    const schema = definition.options['~standard'].jsonSchema.input({ target: 'draft-2020-12' }) as ObjectSchema;
    for (const [option, field] of Object.entries(schema.properties ?? {})) {
      expect(field.description, option).toMatch(/^([a-z0-9]|L1 |Euclidean )[^]{5,}[^.]$/);
      // What has no default is required, or its description says what is done without it, or who must give it.
      if (field.default === undefined && !schema.required?.includes(option))
        expect(field.description, option).toMatch(/default|custom version/);
    }
  });
});
