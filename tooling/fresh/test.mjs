// `npm test`: everything a fresh clone needs, then every test.
import { prepare, pnpm } from './prepare.mjs';

prepare();
pnpm(['exec', 'vitest', 'run', ...process.argv.slice(2)]);
