import { AdvrobError } from '@advrob/core';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  contractHere,
  coordinate,
  decodeShard,
  fileName,
  LostChild,
  memoryEngine,
  memoryStore,
  shardName,
  shardsPlace,
  startChild,
  workOn,
  writeWork,
  type ArtefactStore,
  type CoordinateOptions,
  type OpenRunner,
  type Shard,
  type ShardContent,
  type Work,
  type WorkerEvent,
} from './index.js';

const work: Work = {
  format: 'advrob-work',
  version: 1,
  kind: 'test',
  title: 'squares',
  subject: null,
  artefacts: [],
  contract: contractHere({}),
  shards: 30,
  size: 1,
};
const times = { lease: 200, backoff: 30, attempts: 3 };

/** What shard i is: the square of i. */
function content(index: number, value = index * index): ShardContent {
  const body = new TextEncoder().encode(`{"type":"square","value":${value},"seconds":${Math.random()}}\n`);
  return { body, outcome: value.toString(16).padStart(64, '0'), seconds: 0.01, counts: { examples: 1 } };
}
const valueIn = (body: Uint8Array): number => (JSON.parse(new TextDecoder().decode(body)) as { value: number }).value;

/** A work in a store and an engine, with whoever computes it. */
async function site({ shards = 30 } = {}) {
  const engine = memoryEngine(times);
  const store = memoryStore();
  const id = await writeWork(store, { ...work, shards });
  const stop = new AbortController();
  stops.push(stop);
  const events: WorkerEvent[] = [];
  const results = new Map<number, number>();
  const said: string[] = [];
  const wanted = Array.from({ length: shards }, (_, i) => i);
  return {
    ...{ engine, store, id, events, results, said, stop },
    worker(name: string, run: OpenRunner['run'], more: { store?: ArtefactStore; patience?: number } = {}) {
      return workOn({
        ...{ engine: engine.connect(), store, name, idle: 50, signal: stop.signal, ...more },
        open: async () => ({ run, close: () => undefined }),
        onEvent: (event) => void events.push(event),
      });
    },
    coordinate: (more: Partial<Pick<CoordinateOptions, 'window' | 'signal' | 'store' | 'onShard'>> = {}) =>
      coordinate({
        ...{
          engine: engine.connect(),
          store,
          card: { id, title: 'squares', kind: 'test' },
          wanted,
          every: 10,
          async onShard(index: number, { body }: Shard) {
            expect(results.has(index)).toBe(false);
            results.set(index, valueIn(body));
          },
          ...more,
        },
        onEvent: (message) => void said.push(message),
      }),
    expectAll: () => expect([...results].sort(([a], [b]) => a - b)).toEqual(wanted.map((i) => [i, i * i])),
  };
}
const stops: AbortController[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop.abort()));

describe('coordinator and workers', () => {
  it('compute every shard, hand over each once, and leave nothing with the engine', async () => {
    const { worker, coordinate, expectAll, engine, id, stop, events } = await site();
    const workers = ['a', 'b'].map((name) => worker(name, async (index) => content(index)));
    await coordinate({ window: 4 });
    expectAll();
    expect(await engine.connect().works()).toEqual([]);
    expect(await engine.connect().status(id)).toEqual({ held: 0, waiting: 0, delayed: 0, active: [], dead: [] });
    stop.abort();
    await Promise.all(workers);
    expect(events.filter(({ event }) => event === 'published')).toHaveLength(30);
  });

  it('stop when a shard cannot be taken, whatever is thrown: nothing is away', async () => {
    const { worker, coordinate } = await site();
    void worker('a', async (index) => content(index));
    const onShard = async (): Promise<void> => {
      throw new TypeError('no such piece');
    };
    await expect(coordinate({ onShard })).rejects.toThrow(TypeError);
  });

  it('keep no more than the window with the engine', async () => {
    const { worker, coordinate, engine, id, expectAll } = await site();
    let most = 0;
    const connection = engine.connect();
    void worker('a', async (index) => {
      const { waiting, active } = await connection.status(id);
      most = Math.max(most, waiting + active.length);
      return content(index);
    });
    await coordinate({ window: 3 });
    expectAll();
    expect(most).toBe(3);
  });

  it('go on where a coordinator was stopped, and after the engine lost everything', async () => {
    const { worker, coordinate, engine, expectAll, events, results, said } = await site();
    const stop = new AbortController();
    void worker('a', async (index) => {
      if (index === 5) stop.abort();
      if (index === 12) engine.empty();
      return content(index);
    });
    await expect(coordinate({ signal: stop.signal })).rejects.toThrow('ADVROB_ABORTED');
    const before = events.filter(({ event }) => event === 'published').length;
    expect(before).toBeLessThan(30);
    results.clear();
    await coordinate();
    expectAll();
    expect(said.join()).toContain('the queue was empty');
  });

  it('compute a damaged shard again, and say so', async () => {
    const { worker, coordinate, store, id, expectAll, said } = await site({ shards: 3 });
    await store.create(shardName(id, 1), new TextEncoder().encode('{"format":"advrob-shard"}\nnonsense'));
    void worker('a', async (index) => content(index));
    await coordinate();
    expectAll();
    expect(said.join()).toMatch(/0000001\.jsonl is damaged.*computed again/);
  });

  it('name shards that fail at every attempt when all others are done', async () => {
    const { worker, coordinate, results, engine, id } = await site({ shards: 5 });
    let isMended = false;
    void worker('unlucky', async (index) => {
      if (index === 3 && !isMended) throw new Error('out of memory');
      return content(index);
    });
    await expect(coordinate()).rejects.toThrow(
      new RegExp(
        `1 shards failed at every attempt.*advrob retry ${id}.*shard 3: out of memory \\(3 attempts, the last by unlucky\\)`,
        's',
      ),
    );
    expect([...results.keys()].sort()).toEqual([0, 1, 2, 4]);
    isMended = true;
    expect(await engine.connect().retry(id)).toBe(1);
    results.clear();
    await coordinate();
    expect(results.size).toBe(5);
  });

  it('compare a shard that was computed twice: the same is a free repetition, another stops the work', async () => {
    const same = await site({ shards: 2 });
    void same.worker('a', async (index) => {
      await same.store.create(shardName(same.id, index), await encoded(same.id, index, index * index));
      return content(index);
    });
    await same.coordinate();
    same.expectAll();
    expect(same.events.map(({ event }) => event)).toEqual(['open', 'begin', 'repeated', 'begin', 'repeated']);
    const other = await site({ shards: 2 });
    void other.worker('honest', async (index) => {
      if (index === 1) await other.store.create(shardName(other.id, 1), await encoded(other.id, 1, 4));
      await new Promise((resolve) => setTimeout(resolve, 30));
      return content(index);
    });
    // Before the coordinator has seen the other result there is none to be compared.
    await expect(slowly(other)).rejects.toThrow(
      /shard 1 of work .* has two results, of liar .* and of honest .* first differ in line 1: .*4.*1.*\[ADVROB_SHARD_CONFLICT\]/s,
    );
    expect(await other.engine.connect().works()).toEqual([]);
  });

  it('compare files of a shard with what a worker that was lost has left', async () => {
    const files = (text: string) => [{ name: 'adversarial/0.bin', bytes: new TextEncoder().encode(text) }];
    const same = await site({ shards: 1 });
    await same.store.create(fileName(same.id, 'adversarial/0.bin'), new TextEncoder().encode('a'));
    void same.worker('a', async (index) => ({ ...content(index), files: files('a') }));
    await same.coordinate();
    const other = await site({ shards: 1 });
    await other.store.create(fileName(other.id, 'adversarial/0.bin'), new TextEncoder().encode('b'));
    void other.worker('a', async (index) => ({ ...content(index), files: files('a') }));
    await expect(other.coordinate()).rejects.toThrow(/differ in the file adversarial\/0\.bin.*ADVROB_SHARD_CONFLICT/s);
  });

  it('go on when the store was away for a while, compute nothing twice, and count no attempt', async () => {
    const { worker, coordinate, store, expectAll, events } = await site({ shards: 4 });
    let failures = 3;
    let unread = 2;
    const flaky: ArtefactStore = {
      ...store,
      async get(name) {
        if (unread-- > 0) throw new Error('connect ECONNREFUSED');
        return store.get(name);
      },
      async create(name, bytes) {
        if (failures-- > 0) throw new Error('connect ECONNREFUSED');
        return store.create(name, bytes);
      },
    };
    void worker('a', async (index) => content(index), { store: flaky });
    await coordinate();
    expectAll();
    expect(events.filter(({ event }) => event === 'begin')).toHaveLength(4);
    expect(events.filter(({ event }) => event === 'away')).toHaveLength(5);
    expect(events.some(({ event }) => event === 'failed')).toBe(false);
  });
});

/** A shard as a worker that is not in this test has published it. */
async function encoded(id: string, index: number, value: number): Promise<Uint8Array> {
  const { encodeShard } = await import('./index.js');
  const { body, outcome, seconds, counts } = content(index, value);
  return encodeShard(
    { format: 'advrob-shard', version: 1, work: id, index, outcome, seconds, counts, worker: 'liar', cpu: 'abacus' },
    body,
  );
}

/** A coordinator that lists shards only after a while. */
function slowly(place: Awaited<ReturnType<typeof site>>): Promise<void> {
  const begunAt = performance.now();
  const store: ArtefactStore = {
    ...place.store,
    async *list(folder, after) {
      if (performance.now() - begunAt > 1500) yield* place.store.list(folder, after);
    },
  };
  return place.coordinate({ store });
}

describe('a worker', () => {
  it('refuses a work that it does not fit before it takes a lease, and ends', async () => {
    const engine = memoryEngine(times);
    const store = memoryStore();
    const id = await writeWork(store, work);
    const connection = engine.connect();
    await connection.announce({ id, title: 'squares', kind: 'test' });
    await connection.offer(id, [0]);
    const refused = workOn({
      ...{ engine: engine.connect(), store, name: 'a', signal: new AbortController().signal, once: true },
      open: async () => {
        throw new AdvrobError('ADVROB_CONTRACT', 'threads was 1, is 2');
      },
    });
    await expect(refused).rejects.toThrow('threads was 1, is 2 [ADVROB_CONTRACT]');
    expect(await connection.status(id)).toMatchObject({ waiting: 1, active: [] });
    expect((await readNames(store, id)).length).toBe(0);
  });

  it('ends with once when nothing is left', async () => {
    const { engine, store, id } = await site({ shards: 2 });
    await engine.connect().announce({ id, title: '', kind: 'test' });
    await engine.connect().offer(id, [0, 1]);
    await workOn({
      ...{ engine: engine.connect(), store, name: 'a', signal: new AbortController().signal, once: true, idle: 50 },
      open: async () => ({ run: async (index) => content(index), close: () => undefined }),
    });
    expect(await readNames(store, id)).toHaveLength(2);
    expect(decodeShard((await store.get(shardName(id, 1)))!, id, 1).header.worker).toBe('a');
  });
});

async function readNames(store: ArtefactStore, id: string): Promise<string[]> {
  const names: string[] = [];
  for await (const name of store.list(shardsPlace(id))) names.push(name);
  return names;
}

describe('a child process', () => {
  let folder = '';
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const start = async (body: string) => {
    folder = await mkdtemp(join(tmpdir(), 'advrob-child-'));
    const entry = join(folder, 'child.mjs');
    const source = new URL('../dist/index.js', import.meta.url).href;
    await writeFile(
      entry,
      `import { cancelledError, serveParent } from '${source}';\nserveParent(async (message, tell) => { ${body} });`,
    );
    return startChild<unknown, unknown>(entry);
  };

  it('answers, tells on the way, gives errors under their codes, and sees no secrets', async () => {
    process.env['ADVROB_REDIS_PASSWORD'] = 'secret';
    const child = await start(
      `if (message === 'wrong') throw cancelledError('x'); tell(message * 2); tell(process.env.ADVROB_REDIS_PASSWORD ?? 'none');`,
    );
    delete process.env['ADVROB_REDIS_PASSWORD'];
    const told: unknown[] = [];
    await child.ask(21, { onTold: (value) => void told.push(value) });
    expect(told).toEqual([42, 'none']);
    await expect(child.ask('wrong')).rejects.toMatchObject({
      code: 'ADVROB_QUEUE',
      message: expect.stringContaining('the work x was cancelled') as string,
    });
    child.kill();
    await expect(child.ask(1)).rejects.toThrow(LostChild);
    expect(child.isAlive).toBe(false);
  });

  it('that gives no sign of progress is ended, and one that is lost says how', async () => {
    const child = await start(`if (message === 'hang') for (;;); if (message === 'end') process.exit(7);`);
    await child.ask('start');
    await expect(child.ask('hang', { stallAfter: 300 })).rejects.toThrow(
      'gave no sign of progress for 0.3 s and was ended',
    );
    expect(child.isAlive).toBe(false);
    const other = await start(`if (message === 'end') process.exit(7);`);
    await expect(other.ask('end')).rejects.toThrow('ended with code 7');
  });
});
