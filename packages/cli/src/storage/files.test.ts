import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fileStorage, readIfThere, writeAtomically } from './files.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('writes a file and its folders, over what was there, and nothing beside it', async () => {
  const path = join(folder, 'a/b/file.txt');
  await writeAtomically(path, 'old');
  await writeAtomically(path, new TextEncoder().encode('new'));
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await readdir(join(folder, 'a/b'))).toEqual(['file.txt']);
});

it('leaves no temporary file when a write fails, and what was there as it was', async () => {
  const place = join(folder, 'taken');
  await mkdir(join(place, 'by-a-folder'), { recursive: true });
  await writeFile(join(place, 'by-a-folder/inside'), 'x');
  await writeFile(join(place, 'file'), 'old');
  await expect(writeAtomically(join(place, 'by-a-folder'), 'new')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  await expect(writeAtomically(join(place, 'file'), {} as Uint8Array)).rejects.toThrow();
  expect((await readdir(place)).sort()).toEqual(['by-a-folder', 'file']);
  expect(await readFile(join(place, 'file'), 'utf8')).toBe('old');
});

it('writes pieces as they come, all of them or none', async () => {
  const { writePieces, read } = fileStorage(join(folder, 'pieces'));
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  await writePieces!('lines', ['1\n', '', '2\n'].map(encode));
  function* failing() {
    yield encode('new');
    throw new Error('no more');
  }
  await expect(writePieces!('lines', failing())).rejects.toThrow('no more');
  expect(new TextDecoder().decode(await read('lines'))).toBe('1\n2\n');
  expect(await readdir(join(folder, 'pieces'))).toEqual(['lines']);
});

it('is the storage of a run: reads what is there, adds to what is there', async () => {
  const { read, append } = fileStorage(join(folder, 'run'));
  expect(await readIfThere(join(folder, 'run/log/lines.jsonl'))).toBeUndefined();
  for (const line of ['1\n', '2\n']) await append!('log/lines.jsonl', new TextEncoder().encode(line));
  expect(new TextDecoder().decode(await read('log/lines.jsonl'))).toBe('1\n2\n');
});
