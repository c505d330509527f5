import type { RunStorage } from '@advrob/core';

/** A storage that lasts as long as the process. */
export interface MemoryStorage extends RunStorage {
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Keeps what a run writes in memory: for tests, pages and runs that need not outlive the process.
 *
 * @param files - What is there already.
 * @example
 * ```ts
 * import { createMemoryStorage } from '@advrob/evaluation';
 * const storage = createMemoryStorage();
 * await storage.write('a.txt', new TextEncoder().encode('hello'));
 * ```
 */
export function createMemoryStorage(files: Iterable<readonly [string, Uint8Array]> = []): MemoryStorage {
  const held = new Map(Array.from(files, ([name, bytes]) => [name, bytes.slice()] as const));
  return {
    files: held,
    read: async (name) => held.get(name)?.slice(),
    write: async (name, bytes) => void held.set(name, bytes.slice()),
    append: async (name, bytes) => {
      const before = held.get(name) ?? new Uint8Array();
      const joined = new Uint8Array(before.length + bytes.length);
      joined.set(before);
      joined.set(bytes, before.length);
      held.set(name, joined);
    },
  };
}
