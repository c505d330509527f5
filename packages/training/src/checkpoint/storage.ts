/** Where checkpoints go. The command line brings a folder, a page may bring IndexedDB. */
export interface CheckpointStorage {
  /** The bytes last written under this name; undefined if there are none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Replaces what is there as a whole: after a crash at any moment `read` gives the old bytes or the new ones. */
  write(name: string, bytes: Uint8Array): Promise<void>;
}

/**
 * Checkpoints in memory, for tests and for runs that shall survive an abort but not the process.
 *
 * @example
 * ```ts
 * import { memoryStorage } from '@advrob/training';
 * const storage = memoryStorage();
 * ```
 */
export function memoryStorage(): CheckpointStorage & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    read: async (name) => files.get(name)?.slice(),
    write: async (name, bytes) => void files.set(name, bytes.slice()),
  };
}
