// Writes the JSON Schema of record.json from the built package: pnpm --filter @advrob/evaluation run schema
import { writeFileSync } from 'node:fs';
import { recordJsonSchema } from '../dist/index.js';

const path = new URL('record.schema.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(recordJsonSchema(), undefined, 2)}\n`);
