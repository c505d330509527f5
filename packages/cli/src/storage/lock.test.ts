import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileStorage, writeAtomically } from './files.js';
import { thisProcess, type Holder } from './holder.js';
import { holdFolder, lockName } from './lock.js';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'advrob-lock-'));
});
afterAll(() => rm(home, { recursive: true }));

let count = 0;
/** A folder of its own, with the lock of a holder in it. */
async function folderOf(holder?: Partial<Holder> | string, silent = 0): Promise<string> {
  const folder = join(home, `run-${count++}`);
  await mkdir(folder);
  if (holder === undefined) return folder;
  const text = typeof holder === 'string' ? holder : JSON.stringify({ ...thisProcess('other'), ...holder });
  await writeFile(join(folder, lockName), text);
  const then = Date.now() / 1000 - silent;
  await utimes(join(folder, lockName), then, then);
  return folder;
}
const hold = (folder: string): Promise<string> => holdFolder(folder, async () => 'done');

describe('a folder that is held', () => {
  it('is refused to others, above and below too, until it is let go', async () => {
    const folder = await folderOf();
    await holdFolder(join(folder, 'models/a'), async () => {
      await writeFile(join(folder, 'models/a/kept'), '');
      for (const other of ['', 'models/a', 'models/a/adversarial/0'])
        await expect(hold(join(folder, other))).rejects.toMatchObject({ code: 'ADVROB_FOLDER_LOCKED' });
      await expect(hold(folder)).rejects.toThrow(new RegExp(`process ${process.pid} on .*--out.*remove .*${lockName}`));
      expect(await hold(join(folder, 'models/b'))).toBe('done');
    });
    expect(await hold(folder)).toBe('done');
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['models', 'models/a', 'models/a/kept']);
  });

  it('goes to one of many that begin at once', async () => {
    const folder = await folderOf({ pid: 2 ** 22 + 1 });
    const all = Array.from({ length: 8 }, () =>
      holdFolder(folder, () => new Promise((resolve) => setTimeout(resolve, 50))),
    );
    const ended = await Promise.allSettled(all);
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is let go when the work fails, and leaves no folder that nothing came of', async () => {
    const folder = join(home, 'a/b/c');
    await expect(holdFolder(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(access(join(home, 'a'))).rejects.toThrow();
  });

  it('is not made anew when it was removed, nor written to when another took it', async () => {
    const folder = await folderOf();
    await holdFolder(folder, async () => {
      await writeAtomically(join(folder, 'models/a/x'), '1');
      await rm(folder, { recursive: true });
      const lost = { code: 'ADVROB_FOLDER_LOST' };
      const { write, append } = fileStorage(folder);
      for (const name of ['x', 'models/a/x']) {
        await expect(write(name, new Uint8Array(1))).rejects.toMatchObject(lost);
        await expect(append!(name, new Uint8Array(1))).rejects.toMatchObject(lost);
      }
      await expect(access(folder)).rejects.toThrow();
      await mkdir(folder);
      await writeFile(join(folder, lockName), JSON.stringify(thisProcess('other')));
      await expect(write('x', new Uint8Array(1))).rejects.toThrow(/taken over by another/);
    });
    expect(await readdir(folder)).toEqual([lockName]);
  });
});

describe('a lock gives way', () => {
  it.each<[string, Partial<Holder> | string, number]>([
    ['of a process that is gone', { pid: 2 ** 22 + 1 }, 0],
    ['of a process whose id another one has', { started: '1' }, 0],
    ['of another machine that was silent for long', { host: 'elsewhere' }, 130],
    ['of another container with this host name and process id', { space: 'pid:[1]' }, 130],
    ['of before the last boot', { boot: 'another' }, 130],
    ['that was never written to its end', '{"token":', 11],
  ])('%s', async (_, holder, silent) => {
    const folder = await folderOf(holder, silent);
    expect(await hold(folder)).toBe('done');
    expect(await readdir(folder)).toEqual([]);
  });

  it.each<[string, Partial<Holder> | string, number]>([
    ['of a process that runs', {}, 1000],
    ['of another machine that was heard of', { host: 'elsewhere' }, 60],
    // Its process 1 is not the one that is seen here.
    ['of another container with this host name and process id', { space: 'pid:[1]', started: '1' }, 60],
    ['that is being written', '', 1],
  ])('not %s', async (_, holder, silent) => {
    const folder = await folderOf(holder, silent);
    await expect(hold(folder)).rejects.toMatchObject({ code: 'ADVROB_FOLDER_LOCKED' });
    expect(await readdir(folder)).toEqual([lockName]);
  });

  it('of a process that was killed, at once, with what it had begun to write', async () => {
    const folder = await folderOf();
    const child: ChildProcess = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)']);
    await once(child.stdout!, 'data');
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => undefined);
    const started = stat?.split(') ').at(-1)!.split(' ')[19] ?? null;
    await writeFile(join(folder, lockName), JSON.stringify({ ...thisProcess('other'), pid: child.pid, started }));
    for (const name of ['record.json.0123456789abcdef.tmp', 'notes.tmp']) await writeFile(join(folder, name), '');
    await expect(hold(folder)).rejects.toMatchObject({ code: 'ADVROB_FOLDER_LOCKED' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await hold(folder)).toBe('done');
    expect(await readdir(folder)).toEqual(['notes.tmp']);
  });
});
