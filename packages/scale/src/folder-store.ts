import { AdvrobError } from '@advrob/core';
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { checkedName, type ArtefactStore } from './store.js';

/**
 * A folder that all machines see (local, NFS, Lustre, a volume of Kubernetes) as a store. Content is
 * written and synced under a hidden name and then gets its own by `link(2)`, which the file system
 * lets succeed once.
 *
 * @throws AdvrobError `ADVROB_STORE` where the file system knows no links; errors of the file system
 *   as Node gives them.
 */
export function folderStore(folder: string): ArtefactStore {
  const pathOf = (name: string): string => join(folder, checkedName(name));
  return {
    name: folder,
    async get(name) {
      try {
        return await readFile(pathOf(name));
      } catch (error) {
        if (['ENOENT', 'EISDIR'].includes(codeOf(error))) return undefined;
        throw error;
      }
    },
    async create(name, bytes) {
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true });
      const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
      try {
        await writeSynced(temporary, bytes);
        const isMade = await linkOnce(temporary, path);
        await syncFolder(dirname(path));
        return isMade;
      } finally {
        await rm(temporary, { force: true });
      }
    },
    async *list(inside, after = '') {
      const entries = await readdir(pathOf(inside), { recursive: true, withFileTypes: true }).catch(
        (error: unknown) => {
          if (codeOf(error) === 'ENOENT') return [];
          throw error;
        },
      );
      const names = entries
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map((entry) => join(entry.parentPath, entry.name).slice(join(folder).length).split(sep))
        .map((parts) => parts.filter((part) => part !== '').join('/'));
      for (const name of names.sort()) if (name > after) yield name;
    },
    remove: async (name) => rm(pathOf(name), { force: true }),
  };
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives a file its second name, unless another has that. */
async function linkOnce(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    // A network file system that lost its answer asks again, and is told of its own success.
    if (codeOf(error) === 'EEXIST') return isSameFile(temporary, path);
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(codeOf(error))) throw error;
    throw new AdvrobError(
      'ADVROB_STORE',
      `${dirname(path)}: the file system knows no links (${codeOf(error)}), so two machines could not tell who was first: take a folder on another one, or a bucket`,
      { cause: error },
    );
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path, { bigint: true })));
  return a!.ino === b!.ino && a!.dev === b!.dev;
}

/** Makes a new name durable, where folders can be synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}
