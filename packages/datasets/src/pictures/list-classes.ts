import { AdvrobError } from '@advrob/core';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The PNG files of one class, in name order. */
export interface ClassFolder {
  readonly name: string;
  readonly files: readonly string[];
}

/**
 * The classes of a folder that has one folder per class, in the order of their names (which gives the labels), and the PNG files in each.
 * Links are refused: what is read lies inside of the folder.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` when there is no such folder or it has no classes or no pictures, `ADVROB_DATA_FORMAT` for other
 * files in a class folder or links.
 */
export async function listClasses(directory: string): Promise<readonly ClassFolder[]> {
  const missing = (cause: unknown): never => {
    throw new AdvrobError('ADVROB_DATA_MISSING', `cannot open the folder ${directory} (${String(cause)})`, { cause });
  };
  if ((await lstat(directory).catch(missing)).isSymbolicLink()) throw linkError(directory);
  const entries = await readdir(directory, { withFileTypes: true }).catch(missing);
  const names = entries
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => {
      if (entry.isSymbolicLink()) throw linkError(join(directory, entry.name));
      return entry;
    });
  const classes = names
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort(byName);
  if (classes.length === 0)
    throw new AdvrobError(
      'ADVROB_DATA_MISSING',
      `${directory}: expected one folder per class, found ${
        names
          .slice(0, 12)
          .map((entry) => entry.name)
          .join(', ') || 'nothing'
      }`,
    );
  return Promise.all(classes.map(async (name) => ({ name, files: await listPictures(join(directory, name)) })));
}

async function listPictures(directory: string): Promise<readonly string[]> {
  const entries = (await readdir(directory, { withFileTypes: true })).filter((entry) => !entry.name.startsWith('.'));
  const files = entries.map((entry) => {
    const path = join(directory, entry.name);
    if (entry.isSymbolicLink()) throw linkError(path);
    if (!entry.isFile() || !entry.name.toLowerCase().endsWith('.png'))
      throw new AdvrobError(
        'ADVROB_DATA_FORMAT',
        `${path}: expected only .png files in the folder of a class: convert other pictures, and move other files away`,
      );
    return path;
  });
  if (files.length === 0) throw new AdvrobError('ADVROB_DATA_MISSING', `${directory}: expected .png files, found none`);
  return files.sort(byName);
}

/** The same order on every machine, whatever its language. */
function byName(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function linkError(path: string): AdvrobError {
  return new AdvrobError('ADVROB_DATA_FORMAT', `${path}: links are not followed: copy the files into the folder`);
}
