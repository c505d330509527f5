import type { RunStorage } from '@advrob/core';
import { closeSync, openSync, readSync } from 'node:fs';
import { copyFile, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileError, makeFolders } from './failure.js';
import { heldFolderOf } from './lock.js';
import { temporaryName } from './names.js';

/**
 * Writes a file, and the folders that it lies in, so that a kill at any moment leaves the old or
 * the new content, never a part: temporary name, sync, rename, sync of the folder. A write that
 * fails leaves nothing behind. In a folder that this process holds nothing is written any more once
 * it was removed or is another's.
 *
 * @param previous - Path that keeps what was there before.
 * @throws AdvrobError `ADVROB_DISK_FULL`, `ADVROB_FILE`, `ADVROB_FOLDER_LOST`.
 */
export async function writeAtomically(
  path: string,
  content: Uint8Array | string | Iterable<Uint8Array>,
  previous?: string,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await makeFolder(path);
    await writeSynced(temporary, 'wx', content);
    if (previous !== undefined) await keepAs(path, previous);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(error, path);
  }
}

/** The folder that a file lies in; a folder that is held is never made anew. */
async function makeFolder(path: string): Promise<void> {
  const held = await heldFolderOf(path);
  if (held === undefined) return void (await makeFolders(dirname(path)));
  let folder = held;
  for (const part of relative(held, dirname(resolve(path))).split(sep)) {
    if (part === '') continue;
    folder = join(folder, part);
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function writeSynced(
  path: string,
  mode: 'wx' | 'a',
  content: Uint8Array | string | Iterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, mode);
  try {
    if (typeof content === 'string' || content instanceof Uint8Array) await file.writeFile(content);
    else for (const piece of content) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives a file a second name, in one go; by a copy where the file system knows no links. */
async function keepAs(path: string, previous: string): Promise<void> {
  const temporary = temporaryName(previous);
  try {
    await link(path, temporary).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') await copyFile(path, temporary);
    });
    await rename(temporary, previous);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    // Two names of one file are left as they are by a rename.
    await rm(temporary, { force: true });
  }
}

/** Makes a rename durable, where folders can be synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/**
 * The bytes of a file, or undefined when there is none.
 *
 * @throws AdvrobError `ADVROB_FILE` for what cannot be read.
 */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}

/**
 * The bytes of a file in pieces, each read when it is asked for; a piece holds until the next one.
 *
 * @throws AdvrobError `ADVROB_FILE` for what cannot be read.
 */
export function* piecesOf(path: string, size = 1 << 20): Generator<Uint8Array> {
  const buffer = new Uint8Array(size);
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    for (;;) {
      const length = readSync(file, buffer);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } catch (error) {
    throw fileError(error, path);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * A folder as the storage of a run.
 *
 * @param onDamage - Told in one sentence of a file that was damaged and is made anew.
 */
export function fileStorage(folder: string, onDamage?: (message: string) => void): RunStorage {
  return {
    read: (name) => readIfThere(join(folder, name)),
    write: (name, bytes, previous) =>
      writeAtomically(join(folder, name), bytes, previous === undefined ? undefined : join(folder, previous)),
    writePieces: (name, pieces) => writeAtomically(join(folder, name), pieces),
    async append(name, bytes) {
      const path = join(folder, name);
      try {
        await makeFolder(path);
        await writeSynced(path, 'a', bytes);
      } catch (error) {
        throw fileError(error, path);
      }
    },
    ...(onDamage && {
      onDamage: (name: string, problem: string) => onDamage(`${join(folder, name)}: ${problem}`),
    }),
  };
}
