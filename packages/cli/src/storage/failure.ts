import { AdvrobError } from '@advrob/core';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
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
 * What the system refuses Node tells as ENOENT here, so that is asked for again without `recursive`.
 */
export async function makeFolders(path: string): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    let missing = resolve(path);
    while (dirname(missing) !== missing && !existsSync(dirname(missing))) missing = dirname(missing);
    await mkdir(missing);
    throw error;
  }
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
  const meaning = `${meanings[code] ?? (error as Error).message} (${code})`;
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
