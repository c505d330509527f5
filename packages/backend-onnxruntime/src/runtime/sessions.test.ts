import { expect, it } from 'vitest';
import type { NativeSession, Runtime } from './binding.js';
import { SessionCache } from './sessions.js';

/**
 * Sessions that compute nothing and tell when they are dropped, by the order in which they were
 * made.
 */
function imitation(): { runtime: Runtime; dropped: number[]; options: object[] } {
  const dropped: number[] = [];
  const options: object[] = [];
  let made = 0;
  const createSession = (): NativeSession => {
    const number = made++;
    return {
      loadModel: (_buffer, _offset, _length, given) => void options.push(given),
      run: () => ({}),
      dispose: () => void dropped.push(number),
    };
  };
  const tensor = (type: string, data: unknown, dims: readonly number[]) => ({ type, data, dims });
  return { runtime: { createSession, tensor, providers: ['cpu'] }, dropped, options };
}
const model = new Uint8Array(4);

it('drops the least recently used session beyond the number of sessions', () => {
  const { runtime, dropped } = imitation();
  const cache = new SessionCache(runtime, { sessions: 2, bytes: 1e9 }, () => ({}));
  cache.load(10, model, 1);
  const kept = cache.load(11, model, 1);
  cache.get(10);
  cache.load(12, model, 1);
  expect(dropped).toEqual([1]);
  expect(cache.get(11)).toBeUndefined();
  expect(cache.get(10)).not.toBe(kept);
  expect(cache.size).toBe(2);
});

it('drops what holds on to memory beyond the bytes, but never the newest, and loads it again without', () => {
  const { runtime, dropped, options } = imitation();
  const cache = new SessionCache(runtime, { sessions: 10, bytes: 100 }, (keepsMemory) => ({ keepsMemory }));
  cache.load(1, model, 60);
  cache.load(2, model, 0);
  expect(dropped).toEqual([]);
  cache.load(3, model, 50);
  expect(dropped).toEqual([0]);
  cache.load(4, model, 500);
  expect(dropped).toEqual([0, 2]);
  expect(cache.size).toBe(2);
  cache.load(5, model, 100);
  expect(dropped).toEqual([0, 2, 3]);
  cache.load(1, model, 60);
  expect(dropped).toEqual([0, 2, 3]);
  expect(options).toEqual([true, false, true, true, true, false].map((keepsMemory) => ({ keepsMemory })));
  cache.clear();
  expect(dropped).toEqual([0, 2, 3, 1, 4, 5]);
  expect(cache.size).toBe(0);
});

it('gives memory to the session that runs most, and lets two that run in turns be', () => {
  const { runtime, dropped, options } = imitation();
  const cache = new SessionCache(runtime, { sessions: 10, bytes: 100 }, (keepsMemory) => ({ keepsMemory }));
  cache.load(1, model, 90);
  cache.load(2, model, 90);
  cache.load(1, model, 90);
  const run = (id: number, times: number): boolean[] =>
    Array.from({ length: times }, () => cache.get(id) !== undefined);
  for (let step = 0; step < 100; step++) expect([...run(1, 1), ...run(2, 1)]).toEqual([true, true]);
  const runs = run(1, 10);
  expect(runs.indexOf(false)).toBe(7);
  cache.load(1, model, 90);
  expect(dropped).toEqual([0, 2, 1]);
  expect(options.map((each) => (each as { keepsMemory: boolean }).keepsMemory)).toEqual([true, true, false, true]);
  for (let step = 0; step < 100; step++) expect(run(1, 2)).toEqual([true, true]);
});

it('drops nothing for a session that holds nothing: it may serve the newest, which is about to run', () => {
  const { runtime, dropped } = imitation();
  const cache = new SessionCache(runtime, { sessions: 10, bytes: 100 }, () => ({}));
  const busy = cache.load(1, model, 500);
  cache.load(2, model, 0);
  expect(dropped).toEqual([]);
  expect(cache.get(1)).toBe(busy);
});

it('drops what holds on to memory when a large graph needs room, but not other large graphs', () => {
  const { runtime, dropped } = imitation();
  const cache = new SessionCache(runtime, { sessions: 10, bytes: 100 }, () => ({}));
  cache.load(1, model, 20);
  cache.load(2, model, 0);
  cache.load(3, model, 30);
  cache.dropHolders();
  expect(dropped).toEqual([0, 2]);
  expect(cache.get(2)).toBeDefined();
  cache.load(4, model, 100);
  expect(dropped).toEqual([0, 2]);
});
