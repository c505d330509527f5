import { AdvrobError } from '@advrob/core';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Names in a folder. @throws AdvrobError `ADVROB_DATA_MISSING` when there is no such folder. */
export async function listFolder(directory: string): Promise<string[]> {
  return readdir(directory).catch((cause: unknown) => {
    throw new AdvrobError('ADVROB_DATA_MISSING', `cannot open the folder ${directory} (${String(cause)})`, { cause });
  });
}

/**
 * The path of `name` or `name.gz` in a folder; `train-images.idx3-ubyte` counts as `train-images-idx3-ubyte`, since both spellings are about.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` that lists what the folder has.
 */
export async function findFile(directory: string, name: string): Promise<string> {
  const present = await listFolder(directory);
  const dotted = name.replace('-idx', '.idx');
  const found = [name, `${name}.gz`, dotted, `${dotted}.gz`].find((candidate) => present.includes(candidate));
  if (found !== undefined) return join(directory, found);
  throw new AdvrobError(
    'ADVROB_DATA_MISSING',
    `expected ${name} or ${name}.gz in ${directory}, found ${present.slice(0, 12).join(', ') || 'nothing'}`,
  );
}
