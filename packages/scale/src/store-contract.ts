import type { Check } from '@advrob/core/testing';
import { checkedName, type ArtefactStore } from './store.js';

/** A store with what a test does to it. */
export interface StoreUnderTest {
  readonly store: ArtefactStore;
  /** A second access to the same content, as another machine has it. Default: the same object. */
  readonly other?: ArtefactStore | undefined;
}

/**
 * Everything that a store must do, as checks that any test runner can call.
 *
 * @param open - Gives an empty store.
 * @example
 * ```ts
 * import { storeContract } from '@advrob/scale/testing';
 * for (const { name, run } of storeContract(async () => ({ store: myStore() }))) test(name, run);
 * ```
 */
export function storeContract(open: () => Promise<StoreUnderTest>): readonly Check[] {
  const checks: Readonly<Record<string, (stores: Stores) => Promise<void>>> = {
    'gives what was created, in every byte': givesBytes,
    'creates a name once': createsOnce,
    'of 64 creates at once exactly one succeeds, and its content stays': createsOnceAtOnce,
    'lists names below a folder in order, also those after one': lists,
    'removes, after which a name may be created again': removes,
    'gives its own bytes: changing them changes nothing': keepsItsOwn,
    'refuses names that lead elsewhere': refusesNames,
  };
  return Object.entries(checks).map(([name, check]) => ({
    name,
    async run() {
      const { store, other = store } = await open();
      await check({ store, other });
    },
  }));
}

interface Stores {
  readonly store: ArtefactStore;
  readonly other: ArtefactStore;
}

function ensure(isTrue: boolean, message: string): void {
  if (!isTrue) throw new Error(message);
}

const textOf = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('latin1');
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function namesIn(names: AsyncIterable<string>): Promise<string> {
  const list: string[] = [];
  for await (const name of names) list.push(name);
  return list.join();
}

async function givesBytes({ store, other }: Stores): Promise<void> {
  const all = Uint8Array.from({ length: 1024 }, (_, i) => i % 256);
  ensure(await store.create('work/a/every-byte.bin', all), 'create of a new name gave false');
  ensure(textOf(await other.get('work/a/every-byte.bin')) === textOf(all), 'other bytes came back');
  ensure(await store.create('empty', new Uint8Array()), 'create of empty content gave false');
  ensure((await other.get('empty'))?.length === 0, 'empty content is not there, or not empty');
  ensure((await store.get('work/b')) === undefined, 'a name that is not there gave something');
  ensure((await store.get('work/a')) === undefined, 'a folder gave something');
}

async function createsOnce({ store, other }: Stores): Promise<void> {
  ensure(await store.create('once', bytesOf('first')), 'the first create gave false');
  ensure(!(await store.create('once', bytesOf('second'))), 'the second create gave true');
  ensure(!(await other.create('once', bytesOf('first'))), 'a create of the same bytes gave true');
  ensure(textOf(await other.get('once')) === 'first', 'the second create changed the content');
}

async function createsOnceAtOnce({ store, other }: Stores): Promise<void> {
  const texts = Array.from({ length: 64 }, (_, i) => `content ${i} `.repeat(500));
  const made = await Promise.all(
    texts.map((text, i) => [store, other][i % 2]!.create('work/race/shard', bytesOf(text))),
  );
  const firsts = texts.filter((_, i) => made[i]);
  ensure(firsts.length === 1, `${firsts.length} of 64 creates gave true`);
  ensure(
    textOf(await store.get('work/race/shard')) === firsts[0],
    'the content is not that of the create that gave true',
  );
  ensure((await namesIn(store.list('work/race'))) === 'work/race/shard', 'creates left other names behind');
}

async function lists({ store, other }: Stores): Promise<void> {
  const names = ['0000000', '0000001', '0000010', '0000002'].map((index) => `work/list/shards/${index}.jsonl`);
  for (const name of [...names, 'work/list/work.json', 'work/list-of-another/shards/1'])
    await store.create(name, bytesOf(name));
  const ordered = [...names].sort();
  ensure((await namesIn(other.list('work/list/shards'))) === ordered.join(), 'the names are others, or not in order');
  ensure(
    (await namesIn(other.list('work/list/shards', ordered[1]!))) === ordered.slice(2).join(),
    'after: other names',
  );
  ensure(
    (await namesIn(other.list('work/list'))) === [...ordered, 'work/list/work.json'].join(),
    'of a folder above: other names',
  );
  ensure((await namesIn(other.list('work/none'))) === '', 'a folder that is not there has names');
}

async function removes({ store, other }: Stores): Promise<void> {
  await store.create('gone', bytesOf('a'));
  await other.remove('gone');
  ensure((await store.get('gone')) === undefined, 'what was removed is there');
  await store.remove('gone');
  ensure(await store.create('gone', bytesOf('b')), 'a removed name cannot be created again');
}

async function keepsItsOwn({ store }: Stores): Promise<void> {
  const bytes = bytesOf('as it was');
  await store.create('own', bytes);
  bytes.fill(0);
  const found = await store.get('own');
  ensure(textOf(found) === 'as it was', 'the caller changed the content by changing its bytes');
  found!.fill(0);
  ensure(textOf(await store.get('own')) === 'as it was', 'a reader changed the content by changing its bytes');
}

async function refusesNames({ store }: Stores): Promise<void> {
  const wrong = [
    '',
    '/',
    '../up',
    'a/../../b',
    'a//b',
    '/etc/passwd',
    '.hidden',
    'a/.b',
    'a\\b',
    'a\0b',
    'ü',
    'a b',
    'x'.repeat(201),
  ];
  for (const name of wrong) {
    const calls = [
      () => store.get(name),
      () => store.create(name, new Uint8Array(1)),
      () => store.remove(name),
      () => namesIn(store.list(name)),
    ];
    for (const call of calls) {
      const error = await call().then(
        () => undefined,
        (thrown: unknown) => thrown as { code?: string },
      );
      ensure(error?.code === 'ADVROB_STORE', `${JSON.stringify(name.slice(0, 20))} was not refused with ADVROB_STORE`);
    }
  }
  ensure(checkedName('work/0a/shards/0000001.jsonl') !== '', 'a name of a shard was refused');
}
