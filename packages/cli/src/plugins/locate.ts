import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolve as resolveImport } from 'import-meta-resolve';

/**
 * What to import for a package or a file that a user names: as found from the folder `from`, else
 * the name itself, which is then looked up beside the command.
 */
export function locate(name: string, from: string): string {
  if (/^\.{0,2}\//.test(name)) return pathToFileURL(resolve(from, name)).href;
  try {
    return resolveImport(name, pathToFileURL(resolve(from, 'package.json')).href);
  } catch {
    return name;
  }
}
