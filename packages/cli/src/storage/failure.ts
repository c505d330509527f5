import { AdvrobError } from '@advrob/core';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** What the system's codes mean, in words. */
const meanings: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EBUSY: 'another program uses it',
  EDQUOT: 'the quota is used up',
  EEXIST: 'something else is there already',
  EFBIG: 'the file would be too large for this file system',
  EIO: 'the device reports an error',
  EISDIR: 'a folder is there, where a file was expected',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'too many files are open',
  ENOENT: 'it is not there',
  ENOSPC: 'no space is left on the device',
  ENOTDIR: 'a file stands where a folder was expected',
  ENOTEMPTY: 'a folder is there, where a file was expected',
  EPERM: 'no permission',
  EROFS: 'the file system can only be read',
  ESTALE: 'the network file system has lost it',
};

/**
 * Makes a folder and those that it lies in, as `mkdir -p` does; gives the first that was not there.
 * Node's own recursive form never ends where the system makes none, such as under /proc.
 */
export async function makeFolders(path: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let each = resolve(path); !(await isFolder(each)); each = dirname(each)) missing.unshift(each);
  for (const folder of missing)
    await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
      // Another process may have made it by now.
      if (error.code !== 'EEXIST' || !(await isFolder(folder))) throw error;
    });
  return missing[0];
}

/** False where nothing is. */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    const isRoot = dirname(path) === path;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !isRoot) return false;
    throw error;
  }
  throw Object.assign(new Error(`${path} is no folder`), { code: 'ENOTDIR', syscall: 'mkdir', path });
}

/** Calls of the file system: an error of the network is none of its own. */
const fileCalls =
  /^(access|close|copyfile|fdatasync|fsync|ftruncate|futime|link|lstat|f?stat|mkdir|mkdtemp|open|opendir|read|readlink|realpath|rename|rm|rmdir|scandir|symlink|unlink|utime|write)$/;

/**
 * An error of the file system in words that say what to do; any other error as it is.
 *
 * @param path - What the caller wanted to read or write. Default: what the system names.
 */
export function fileError(error: unknown, path?: string): unknown {
  const { code, syscall, path: named } = (error ?? {}) as NodeJS.ErrnoException;
  if (error instanceof AdvrobError || code === undefined || syscall === undefined || !fileCalls.test(syscall))
    return error;
  const where = path ?? named ?? 'a file';
  const isRefused = syscall === 'mkdir' && code === 'ENOENT';
  const meaning = `${isRefused ? 'no folder can be made there' : (meanings[code] ?? (error as Error).message)} (${code})`;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new AdvrobError(
      'ADVROB_DISK_FULL',
      `${where} cannot be written: ${meaning}: make room, then start the same command again; it goes on from what is saved`,
      { cause: error },
    );
  return new AdvrobError(
    'ADVROB_FILE',
    `${where} cannot be ${syscall === 'read' || syscall === 'scandir' ? 'read' : 'used'}: ${meaning}: choose another place, or change what is there`,
    { cause: error },
  );
}
