import { AdvrobError } from '@advrob/core';
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/**
 * The bytes of a regular file, whose size is looked at before anything is allocated.
 *
 * @param limit Most bytes to read.
 * @throws AdvrobError `ADVROB_MODEL_MISSING` when there is no such file, `ADVROB_MODEL_OVERSIZED`
 *   when it is larger than the limit.
 */
export async function readLimited(path: string, limit: number): Promise<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    throw new AdvrobError('ADVROB_MODEL_MISSING', `expected a readable file at ${path}: check the path`, { cause });
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile())
      throw new AdvrobError('ADVROB_MODEL_MISSING', `expected a file at ${path}, found something else: check the path`);
    if (stat.size > limit)
      throw new AdvrobError(
        'ADVROB_MODEL_OVERSIZED',
        `${path} has ${stat.size} bytes, more than the ${limit} expected there`,
      );
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Writes a file under a temporary name, syncs and renames it: whoever looks finds the old file or
 * the whole new one. The name is random, since two containers may share process ids.
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
