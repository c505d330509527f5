import { AdvrobError, type Json } from '@advrob/core';
import { surviveMutationsAsync } from '@advrob/core/testing';
import { contractHere, memoryStore, type Work } from '@advrob/scale';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFlags } from '../commands/command.js';
import { evaluationFlags } from '../flags/evaluation-flags.js';
import { loadRegistry } from '../plugins/load.js';
import { argsOf, planSubject, type WorkerSite } from './subject.js';
import { freeTexts } from './texts.js';

let home = '';
let site: WorkerSite;
const store = memoryStore();

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'advrob-subject-'));
  await mkdir(join(home, 'my net'));
  await writeFile(join(home, 'net.safetensors'), 'weights');
  await writeFile(join(home, 'my net', 'model.json'), JSON.stringify({ weightsManifest: [{ paths: ['a.bin'] }] }));
  await writeFile(join(home, 'my net', 'a.bin'), 'more');
  site = { plugins: [], data: new Map(), registry: await loadRegistry(), cache: join(home, 'cache') };
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** An evaluation as it is typed. */
const typed = (model: string, ...more: readonly string[]): string[] => [
  ...[
    '--model',
    join(home, model),
    '--dataset',
    'cifar10',
    '--set',
    'cifar10.directory=/data/cifar',
    '--attack',
    'pgd',
  ],
  ...['--set', 'pgd.steps=3', '--epsilon', '8/255', '--plugin', './own.mjs', '--json', ...more, '--out', 'runs/x'],
];

function workWith(subject: Json, artefacts: Work['artefacts'] = []): Work {
  return {
    ...{ format: 'advrob-work', version: 1, kind: 'evaluation', title: 'net', subject, artefacts },
    ...{ contract: contractHere({}), shards: 1, size: 1 },
  } as Work;
}

async function planned(model: string, ...more: readonly string[]) {
  const args = typed(model, ...more);
  const { upload, ...plan } = await planSubject(args, readFlags(evaluationFlags, args), site.registry);
  await upload(store);
  return plan;
}

describe('an evaluation as a work', () => {
  it('says nothing of one machine, and becomes the command line of another', async () => {
    const { subject, artefacts } = await planned('net.safetensors', '--checks');
    const text = JSON.stringify(subject);
    for (const own of [home, '/data/cifar', 'own.mjs', 'runs/x', '--json']) expect(text).not.toContain(own);
    expect(text).toContain('--checks');
    expect(text).toContain('cifar10.directory=local:cifar10.directory');
    const elsewhere = { ...site, data: new Map([['cifar10.directory', '/mnt/my cifar']]), plugins: ['./theirs.mjs'] };
    const args = await argsOf(workWith(subject, artefacts), store, elsewhere, '/tmp/out');
    const given = readFlags(evaluationFlags, args);
    expect(given).toMatchObject({ out: '/tmp/out', plugin: ['./theirs.mjs'], epsilon: '8/255', attack: ['pgd'] });
    expect(given.set).toEqual(['cifar10.directory="/mnt/my cifar"', 'pgd.steps=3']);
    expect(await readFile(given.model, 'utf8')).toBe('weights');
  });

  it('takes the files of a model along, whatever its folder is called', async () => {
    const { subject, artefacts } = await planned('my net');
    const data = new Map([['cifar10.directory', '/d']]);
    const args = await argsOf(workWith(subject, artefacts), store, { ...site, data }, '/tmp/out');
    const { model } = readFlags(evaluationFlags, args);
    expect(await readFile(join(model, 'a.bin'), 'utf8')).toBe('more');
    expect(existsSync(join(model, 'model.json'))).toBe(true);
    // A file that was changed since is fetched again.
    await writeFile(join(model, 'a.bin'), 'changed');
    await argsOf(workWith(subject, artefacts), store, { ...site, data }, '/tmp/out');
    expect(await readFile(join(model, 'a.bin'), 'utf8')).toBe('more');
    await expect(
      argsOf(workWith(subject, artefacts), memoryStore(), { ...site, data, cache: join(home, 'new') }, '/'),
    ).rejects.toThrow(/model\.json of its model is not in memory.*\[ADVROB_WORK\]/);
  });

  it('is refused where an attack needs what workers elsewhere do not have', async () => {
    const transfer = [
      '--attack',
      'transfer',
      '--set',
      'transfer.attack=mim',
      '--set',
      'transfer.surrogate=other.safetensors',
    ];
    await expect(planned('net.safetensors', ...transfer)).rejects.toThrow(
      /transfer\.surrogate names something.*--shard instead/,
    );
  });

  it('that names plugins, places, files or other flags is refused, and no file is touched', async () => {
    const { subject, artefacts } = await planned('net.safetensors');
    const { args, model } = subject as { args: string[]; model: Json };
    const refused = async (others: readonly string[], how: RegExp, data = new Map<string, string>()): Promise<void> => {
      const work = workWith({ args: others, model }, artefacts);
      const cache = join(home, 'untouched');
      await expect(argsOf(work, store, { ...site, cache, data }, '/tmp/out'), others.join(' ')).rejects.toThrow(how);
      expect(existsSync(cache)).toBe(false);
    };
    const flags = /it has flags that no work has.*\[ADVROB_WORK\]/;
    await refused([...args, '--plugin', './evil.mjs'], flags);
    await refused([...args, '--plugin=./evil.mjs'], flags);
    await refused([...args, '--out', '/etc'], flags);
    await refused([...args, '--model=/etc/passwd'], flags);
    await refused(['--', ...args], flags);
    await refused([...args, '--evil'], /unknown option '--evil'/);
    await refused(args, /say where it is on this machine: --data cifar10\.directory=<path>/);
    const places = new Map([['cifar10.directory', '/d']]);
    const with_ = (setting: string) => args.map((arg) => (arg.startsWith('cifar10.') ? setting : arg));
    await refused(
      with_('cifar10.directory=/etc'),
      /cifar10\.directory may name a file, which a work may not do/,
      places,
    );
    await refused(with_('cifar10.directory=local:../x'), /may name a file/, places);
    await refused([...args, '--set', 'cifar10.directory=/etc'], /may name a file/, places);
    await refused(
      [...args, '--attack', 'nonsense'],
      /no 'nonsense' among the attacks: known: .*orthogonal \[ADVROB_WORK\]$/,
      places,
    );
    const model_ = [
      '--attack',
      'transfer',
      '--set',
      'transfer.attack=mim',
      '--set',
      'transfer.surrogate={weights: /etc/passwd}',
    ];
    await refused([...args, ...model_], /transfer\.surrogate may name a file/, places);
    for (const other of [
      null,
      3,
      { args: 'x', model },
      { args, model, run: 'x' },
      { args, model: { name: '../x', isFolder: false } },
    ])
      await expect(argsOf(workWith(other as Json, artefacts), store, site, '/')).rejects.toThrow(
        'it is no evaluation of this version',
      );
    await expect(argsOf({ ...workWith(subject, artefacts), kind: 'shell' }, store, site, '/')).rejects.toThrow(
      'no evaluation',
    );
  });

  it('that was damaged in any place gives a command line within the rules, or our refusal', async () => {
    const { subject, artefacts } = await planned('net.safetensors');
    const data = new Map([['cifar10.directory', '/d']]);
    const cache = join(home, 'fuzzed');
    const parse = async (bytes: Uint8Array): Promise<unknown> => {
      let damaged: Json;
      try {
        damaged = JSON.parse(new TextDecoder().decode(bytes)) as Json;
      } catch {
        throw new AdvrobError('ADVROB_WORK', 'no JSON');
      }
      const args = await argsOf(workWith(damaged, artefacts), store, { ...site, data, cache }, '/tmp/out');
      const given = readFlags(evaluationFlags, args);
      expect(given).toMatchObject({ out: '/tmp/out', plugin: [] });
      expect(given.model.startsWith(cache)).toBe(true);
      return given;
    };
    const samples = [new TextEncoder().encode(JSON.stringify(subject))];
    const { refused } = await surviveMutationsAsync({ samples, parse, seed: 3, count: 3000 });
    expect(Object.keys(refused)).toEqual(['ADVROB_WORK']);
  }, 60_000);
});

describe('text in options that may be a path', () => {
  it('is all that the schema does not list', () => {
    const of = (kind: 'datasets' | 'attacks', name: string, options: Record<string, unknown>) =>
      freeTexts(site.registry, kind, { name, options });
    expect(of('datasets', 'cifar10', { directory: '/x', trainFiles: [1] })).toEqual(['directory']);
    expect(of('datasets', 'cifar100', { directory: '/x', labels: 'coarse' })).toEqual(['directory']);
    expect(of('attacks', 'pgd', { steps: 3 })).toEqual([]);
    expect(of('attacks', 'transfer', { attack: { name: 'mim', options: { steps: 3 } }, surrogate: 'a' })).toEqual([
      'surrogate',
    ]);
  });
});
