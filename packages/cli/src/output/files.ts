import type { RunStorage } from '@advrob/core';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes a file, and the folders that it lies in, so that a kill at any moment leaves the old or
 * the new content, never a part: temporary name, sync, rename. A write that fails leaves nothing
 * behind.
 */
export async function writeAtomically(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeSynced(temporary, 'w', content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeSynced(path: string, mode: 'w' | 'a', content: Uint8Array | string): Promise<void> {
  const file = await open(path, mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The bytes of a file, or undefined when there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A folder as the storage of a run. */
export function fileStorage(folder: string): RunStorage {
  return {
    read: (name) => readIfThere(join(folder, name)),
    write: (name, bytes) => writeAtomically(join(folder, name), bytes),
    async append(name, bytes) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeSynced(join(folder, name), 'a', bytes);
    },
  };
}
