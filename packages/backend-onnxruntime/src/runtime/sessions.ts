import type { NativeSession, Runtime } from './binding.js';

/** Loaded sessions by graph id; loading beyond the limit drops the least recently used. */
export class SessionCache {
  private readonly sessions = new Map<number, NativeSession>();

  constructor(
    private readonly runtime: Runtime,
    private readonly limit: number,
    private readonly optionsFor: (keepsMemory: boolean) => object,
  ) {}

  get size(): number {
    return this.sessions.size;
  }

  get(id: number): NativeSession | undefined {
    const session = this.sessions.get(id);
    if (session) {
      // Map order is age: put it at the young end.
      this.sessions.delete(id);
      this.sessions.set(id, session);
    }
    return session;
  }

  /** `keepsMemory`: the session keeps the memory of its runs; without, it is allocated for every run. */
  load(id: number, model: Uint8Array, keepsMemory: boolean): NativeSession {
    const session = this.runtime.createSession();
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, this.optionsFor(keepsMemory));
    this.sessions.set(id, session);
    if (this.sessions.size > this.limit) {
      const [oldest, old] = this.sessions.entries().next().value!;
      this.sessions.delete(oldest);
      old.dispose();
    }
    return session;
  }

  clear(): void {
    for (const session of this.sessions.values()) session.dispose();
    this.sessions.clear();
  }
}
