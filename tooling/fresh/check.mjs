// What CI runs on a fresh clone: install and build, then parts of `pnpm check`, by name or with its flags.
import { prepare, pnpm } from './prepare.mjs';

prepare();
pnpm(['exec', 'node', 'tooling/check.mjs', ...process.argv.slice(2)]);
