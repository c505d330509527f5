// What the packages of the workspace offer to import, from their manifests.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './fresh/prepare.mjs';

/** Every typed entry: folder of the package, its name, key of the entry (`.`, `./attack`), and the built files of code and types, absolute. */
export function packageEntries() {
  return readdirSync(join(root, 'packages')).flatMap((folder) => {
    const home = join(root, 'packages', folder);
    const { name, exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    return Object.entries(exports)
      .filter(([, entry]) => entry.types)
      .map(([key, entry]) => ({ folder, name, key, code: join(home, entry.default), types: join(home, entry.types) }));
  });
}
