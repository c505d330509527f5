import { AdvrobError } from '@advrob/core';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fileError, makeFolders } from './failure.js';
import { fileStorage, readIfThere, writeAtomically } from './files.js';
import { holdFolder } from './lock.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-failure-'));
  await writeFile(join(folder, 'file'), '');
  await mkdir(join(folder, 'folder/inside'), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

it('what the system refuses has a code, the path and what to do', async () => {
  const error = { code: 'ADVROB_FILE' };
  await expect(readIfThere(join(folder, 'folder'))).rejects.toMatchObject(error);
  await expect(readIfThere(join(folder, 'file/below'))).rejects.toThrow(/file\/below .*a file stands where a folder/);
  await expect(writeAtomically(join(folder, 'folder'), 'x')).rejects.toThrow(
    /folder cannot .*\(E\w+\): .*another place/,
  );
  await expect(writeAtomically(join(folder, 'file/below'), 'x')).rejects.toMatchObject(error);
  await expect(fileStorage(folder).append!('folder', new Uint8Array(1))).rejects.toMatchObject(error);
  await expect(holdFolder(join(folder, 'file'), async () => undefined)).rejects.toMatchObject(error);
});

it('makes what is missing of a path and tells the first of it, also beside another process', async () => {
  const made = join(folder, 'made/by/us');
  expect(await makeFolders(made)).toBe(join(folder, 'made'));
  expect(await makeFolders(made)).toBeUndefined();
  const shared = join(folder, 'shared/by/many');
  await Promise.all(Array.from({ length: 8 }, () => makeFolders(shared)));
  expect((await stat(shared)).isDirectory()).toBe(true);
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
  await expect(makeFolders(join(folder, 'dangling/below'))).rejects.toMatchObject({
    code: expect.stringMatching(/^E/),
  });
});

it.runIf(process.platform === 'linux')('a place where the system makes no folders is told at once', async () => {
  for (const place of ['/proc/advrob', '/proc/advrob/below'])
    await expect(holdFolder(place, async () => undefined)).rejects.toMatchObject({
      code: 'ADVROB_FILE',
      message: expect.stringContaining(`${place} cannot be used: no folder can be made there (ENOENT)`),
    });
});

it.each([
  ['ENOSPC', 'ADVROB_DISK_FULL'],
  ['EDQUOT', 'ADVROB_DISK_FULL'],
  ['EROFS', 'ADVROB_FILE'],
  ['EACCES', 'ADVROB_FILE'],
])('%s is %s', (code, expected) => {
  const error = Object.assign(new Error(code), { code, syscall: 'write' });
  expect(fileError(error, 'a/b')).toMatchObject({ code: expected, message: expect.stringMatching(/^a\/b .*\(E/) });
});

it('errors of the network and our own stay as they are', async () => {
  const own = new AdvrobError('ADVROB_OPTION', 'x');
  const network = Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' });
  const other = await readFile(Buffer.from('\0')).catch((error: unknown) => error);
  for (const error of [own, network, other, undefined, 'text']) expect(fileError(error)).toBe(error);
});
