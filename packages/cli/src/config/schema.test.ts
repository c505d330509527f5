import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { experimentJsonSchema } from './schema.js';

it('the JSON Schema beside the package is the one that the code gives', async () => {
  await expect(`${JSON.stringify(experimentJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../schema/experiment-1.schema.json',
  );
});

it('the schema has a description or a type for every key of the top level', async () => {
  const schema = JSON.parse(
    await readFile(new URL('../../schema/experiment-1.schema.json', import.meta.url), 'utf8'),
  ) as {
    properties: Record<string, object>;
    required: string[];
    additionalProperties: boolean;
  };
  expect(schema.required).toEqual(['version', 'name']);
  expect(schema.additionalProperties).toBe(false);
  for (const key of ['training', 'analyses']) expect(Object.keys(schema.properties)).toContain(key);
});
