import type { RunStorage } from './contract/index.js';

/** A storage that lasts as long as the process. */
export interface MemoryStorage extends RunStorage {
  readonly files: Map<string, Uint8Array>;
}

/**
 * Keeps what a run writes in memory: for tests, pages, and runs that need to survive an abort but
 * not the process.
 *
 * @param files - What is there already.
 * @example
 * ```ts
 * import { memoryStorage } from '@advrob/core';
 * const storage = memoryStorage();
 * await storage.write('a.txt', new TextEncoder().encode('hello'));
 * ```
 */
export function memoryStorage(files: Iterable<readonly [string, Uint8Array]> = []): MemoryStorage & {
  append(name: string, bytes: Uint8Array): Promise<void>;
} {
  const held = new Map(Array.from(files, ([name, bytes]) => [name, bytes.slice()] as const));
  return {
    files: held,
    read: async (name) => held.get(name)?.slice(),
    write: async (name, bytes, previous) => {
      const before = held.get(name);
      if (previous !== undefined && before) held.set(previous, before);
      held.set(name, bytes.slice());
    },
    append: async (name, bytes) => {
      const before = held.get(name) ?? new Uint8Array();
      const joined = new Uint8Array(before.length + bytes.length);
      joined.set(before);
      joined.set(bytes, before.length);
      held.set(name, joined);
    },
  };
}
