// Writes the JSON Schemas of record.json and card.json from the built package: pnpm --filter @advrob/evaluation run schema
import { writeFileSync } from 'node:fs';
import { cardJsonSchema, recordJsonSchema } from '../dist/index.js';

const write = (name, schema) =>
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(schema, undefined, 2)}\n`);
write('record.schema.json', recordJsonSchema());
write('card.schema.json', cardJsonSchema());
