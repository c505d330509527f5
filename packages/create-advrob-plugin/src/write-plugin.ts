import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes files into a folder, which is made, or is empty but for a `.git`.
 *
 * @throws Error when the folder has anything else in it: nothing is ever overwritten.
 */
export async function writePlugin(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  const present = (await readdir(folder)).filter((name) => name !== '.git');
  if (present.length > 0)
    throw new Error(`${folder} is not empty (${present.slice(0, 3).join(', ')}): name another folder`);
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
  }
}
