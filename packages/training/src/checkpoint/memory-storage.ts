import type { RunStorage } from '@advrob/core';

/**
 * Checkpoints in memory, for tests and for runs that shall survive an abort but not the process.
 *
 * @example
 * ```ts
 * import { memoryStorage } from '@advrob/training';
 * const storage = memoryStorage();
 * ```
 */
export function memoryStorage(): RunStorage & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    read: async (name) => files.get(name)?.slice(),
    write: async (name, bytes) => void files.set(name, bytes.slice()),
  };
}
