import { fork } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderStore, memoryStore } from './index.js';
import { storeContract } from './testing.js';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'advrob-store-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('memory store', () => {
  for (const { name, run } of storeContract(async () => ({ store: memoryStore() }))) it(name, run);
});

describe('folder store', () => {
  const open = async () => {
    const folder = await mkdtemp(join(home, 'folder-'));
    return { store: folderStore(folder), other: folderStore(`${folder}/./`) };
  };
  for (const { name, run } of storeContract(open)) it(name, run);

  it('leaves all or nothing when its process is killed while it creates', async () => {
    const folder = await mkdtemp(join(home, 'killed-'));
    const script = join(home, 'creates.mjs');
    const source = new URL('../dist/index.js', import.meta.url).href;
    await writeFile(
      script,
      `import { folderStore } from '${source}';
       const store = folderStore('${folder}');
       process.send('begun');
       for (let i = 0; ; i++) await store.create('work/' + i, new Uint8Array(2_000_000).fill(7));`,
    );
    for (const wait of [3, 17, 40]) {
      const child = fork(script);
      await new Promise((resolve) => child.once('message', resolve));
      await new Promise((resolve) => setTimeout(resolve, wait));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    }
    const store = folderStore(folder);
    for await (const name of store.list('work')) {
      const bytes = await store.get(name);
      expect(bytes?.length).toBe(2_000_000);
      expect(bytes!.every((byte) => byte === 7)).toBe(true);
    }
    // What a killed process has left is hidden, and the folder works as before.
    expect((await readdir(join(folder, 'work'))).filter((name) => !name.startsWith('.')).length).toBeLessThan(1000);
    expect(await store.create('work/afterwards', new Uint8Array(1))).toBe(true);
  });
});
