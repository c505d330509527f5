/**
 * Where a run keeps what must survive a kill: byte strings by name, such as the files of one
 * folder. Libraries are handed one and know no file system; a page may bring IndexedDB. Names are
 * relative paths with `/`, without `.` and `..`.
 */
export interface RunStorage {
  /** What was last written under this name, or undefined. */
  read(name: string): Promise<Uint8Array | undefined>;
  /**
   * Replaces the content in one go: after a kill at any moment a reader finds the old bytes or the
   * new ones, never a mixture. Durable when it resolves. With `previous`, what was there before is
   * kept under that name; a storage may leave that out.
   */
  write(name: string, bytes: Uint8Array, previous?: string): Promise<void>;
  /**
   * Adds bytes at the end, making the content when there is none. Durable when it resolves. After a
   * kill in between, any first part of `bytes` may have been added: readers drop an unfinished last
   * line. Left out: callers `write` the whole content anew, which costs time in long runs.
   */
  append?(name: string, bytes: Uint8Array): Promise<void>;
  /**
   * As `write`, of content that comes in pieces and need not fit into memory, or into one array, at
   * once. Left out: callers join the pieces and `write` them.
   */
  writePieces?(name: string, pieces: Iterable<Uint8Array>): Promise<void>;
  /**
   * Told, in words for a person, of content that was damaged and that the reader makes anew or does
   * without. Left out: nobody is told.
   */
  onDamage?(name: string, problem: string): void;
}
