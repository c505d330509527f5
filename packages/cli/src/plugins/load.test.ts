import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadRegistry } from './load.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-plugins-'));
  await plugin('one', { attacks: ['still', 'moving'], models: ['flat'] });
  await plugin('same-name', { attacks: ['pgd'] });
  await plugin('future', { contract: 2, attacks: ['later'] });
  await plugin('nothing', {});
  await plugin('import-only', { exports: { '.': { import: './dist/index.js' } }, attacks: ['quiet'] });
});
afterAll(() => rm(folder, { recursive: true }));

/** A package in node_modules with the version 1.2.3. */
async function plugin(
  name: string,
  {
    contract = 1,
    exports = './dist/index.js',
    ...kinds
  }: { contract?: number; exports?: unknown } & Record<string, unknown>,
) {
  const place = join(folder, 'node_modules', name);
  await mkdir(join(place, 'dist'), { recursive: true });
  const manifest = { name, version: '1.2.3', type: 'module', exports };
  await writeFile(join(place, 'package.json'), JSON.stringify(manifest));
  const parts = Object.entries(kinds).map(([kind, names]) => {
    const each = (names as string[]).map((part) => `'${part}': part('${part}')`);
    return `${kind}: { ${each.join(', ')} }`;
  });
  await writeFile(
    join(place, 'dist/index.js'),
    `const part = (name) => Object.assign(() => ({}), { definition: { name, summary: '' } });
     export default { name: '${name}', contract: ${contract}, ${parts.join(', ')} };`,
  );
}

it('says what each plugin brings and from which version, packages and files alike', async () => {
  const said: string[] = [];
  const path = `${folder}/node_modules/nothing/dist/index.js`;
  const registry = await loadRegistry(['one', path], { from: folder, say: (line) => said.push(line) });
  expect(said).toEqual([
    'plugin one 1.2.3: attacks still, moving; models flat',
    'plugin nothing 1.2.3: brings nothing',
  ]);
  expect(registry.list('attacks').some(({ name, plugin: from }) => name === 'moving' && from === 'one')).toBe(true);
});

it('says nothing of what was not named', async () => {
  const said: string[] = [];
  await loadRegistry([], { from: folder, say: (line) => said.push(line) });
  expect(said).toEqual([]);
});

it.each([
  ['same-name', /@advrob\/attacks and same-name both bring attacks\/pgd: leave one out/],
  ['future', /plugin future was built for contract 2.*update @advrob\/core/],
  ['missing', /plugin 'missing' cannot be imported/],
])('refuses %s', async (name, message) => {
  await expect(loadRegistry([name], { from: folder })).rejects.toThrow(message);
});

it('finds a package whose only entry is for import', async () => {
  const registry = await loadRegistry(['import-only'], { from: folder });
  expect(registry.list('attacks').map(({ name }) => name)).toContain('quiet');
});
