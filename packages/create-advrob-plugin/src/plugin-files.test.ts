import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import ownManifest from '../package.json' with { type: 'json' };
import { kinds } from './kinds.js';
import { manifestOf } from './manifest.js';
import { namesOf } from './names.js';
import { pluginFiles, writePlugin } from './plugin-files.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'create-advrob-plugin-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(kinds)('%s', (kind) => {
  it('has source, tests, docs, licence and settings, with every blank filled in', async () => {
    const files = await pluginFiles({ kind, name: 'two-words', author: 'Ada', year: 2031 });
    expect([...files.keys()].sort()).toEqual([
      '.gitignore',
      '.npmrc',
      'LICENSE',
      'README.md',
      'eslint.config.js',
      'package.json',
      'src/index.ts',
      'src/two-words.ts',
      'test/two-words.test.ts',
      'tsconfig.build.json',
      'tsconfig.json',
    ]);
    for (const [path, text] of files) expect(text, path).not.toMatch(/__[a-z-]+__/);
    expect(files.get('LICENSE')).toContain('Copyright (c) 2031 Ada');
    expect(files.get('src/two-words.ts')).toContain('export const twoWords = ');
    expect(files.get('src/index.ts')).toContain("name: 'advrob-plugin-two-words', contract: 1");
    expect(files.get('src/index.ts')).toContain("{ 'two-words': twoWords }");
  });

  it('tells its users how to install and use it', async () => {
    const readme = (await pluginFiles({ kind, name: 'two-words' })).get('README.md')!;
    expect(readme).toMatch(
      /^# advrob-plugin-two-words\n\nAn? (attack|objective|trainer|analysis|certifier|data set|model) for /,
    );
    expect(readme).toContain('npm install --ignore-scripts advrob-plugin-two-words @advrob/cli');
    expect(readme).toMatch(/^npx advrob .*--plugin advrob-plugin-two-words/m);
    expect(readme).not.toContain('**');
  });

  it('declares what its source and its tests import', async () => {
    const files = await pluginFiles({ kind, name: 'two-words' });
    const manifest = JSON.parse(files.get('package.json')!) as Record<string, Record<string, string>>;
    const importsOf = (path: string) =>
      [...files.get(path)!.matchAll(/(?:from|import) '([^'.]+(?:\/[^']+)?)'/g)].map(([, specifier]) =>
        specifier!
          .split('/')
          .slice(0, specifier!.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    for (const name of [...importsOf('src/two-words.ts'), ...importsOf('src/index.ts')])
      expect({ ...manifest['dependencies'], ...manifest['peerDependencies'] }, name).toHaveProperty([name]);
    for (const name of importsOf('test/two-words.test.ts'))
      expect(manifest['devDependencies'], name).toHaveProperty([name]);
  });
});

it('has a template for every kind, and no other', async () => {
  const templates = await readdir(new URL('../templates', import.meta.url));
  expect(templates.sort()).toEqual(['common', ...kinds].sort());
});

it('asks for core as a peer in every version before 1.0', async () => {
  const manifest = manifestOf('attack', namesOf('attack', 'a'), 'Ada', {
    ...Object.fromEntries(Object.keys(ownManifest.devDependencies).map((name) => [name, '4.5.6'])),
    '@advrob/core': '^0.3.1',
  });
  expect(manifest).toMatchObject({
    peerDependencies: { '@advrob/core': '>=0.3.1 <1', '@tensorflow/tfjs-core': '^4.5.6' },
    devDependencies: { '@advrob/core': '^0.3.1' },
  });
});

it('never takes a word of the language as an identifier', async () => {
  const files = await pluginFiles({ kind: 'model', name: 'class' });
  expect(files.get('src/class.ts')).toContain('export const classModel = ');
});

it.each(['Upper', 'under_score', 'double--hyphen', '-front', '9lives', '../escape', ''])(
  'refuses the name %j',
  async (name) => {
    await expect(pluginFiles({ kind: 'attack', name })).rejects.toThrow(/should be small letters/);
  },
);

it('refuses a package name that npm does not take', async () => {
  await expect(pluginFiles({ kind: 'attack', name: 'a', packageName: 'Not/Good' })).rejects.toThrow(/npm refuses/);
  const scoped = await pluginFiles({ kind: 'attack', name: 'a', packageName: '@me/a' });
  expect(JSON.parse(scoped.get('package.json')!)).toMatchObject({ name: '@me/a' });
});

it('writes into an empty folder, and into no other', async () => {
  const files = await pluginFiles({ kind: 'dataset', name: 'rings' });
  await writePlugin(join(folder, 'fresh'), files);
  expect(await readFile(join(folder, 'fresh/src/rings.ts'), 'utf8')).toBe(files.get('src/rings.ts'));
  await writeFile(join(folder, 'fresh/mine.txt'), 'keep');
  await expect(writePlugin(join(folder, 'fresh'), files)).rejects.toThrow(/is not empty/);
});
