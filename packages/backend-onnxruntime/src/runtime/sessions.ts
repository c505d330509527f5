import type { ResolvedOptions } from '../options.js';
import type { NativeSession, Runtime } from './binding.js';

interface Loaded {
  readonly session: NativeSession;
  /** Most bytes that it may hold on to between runs. */
  readonly bytes: number;
  /** Runs since it was last decided who holds memory. */
  runs: number;
}

/** So many runs more than any holder has, and a session without memory gets some: loading costs about as much. */
const busier = 8;

/** What is kept at most, of sessions and of the memory they hold on to. */
interface SessionLimits {
  readonly sessions: number;
  readonly bytes: number;
}

/**
 * Loaded sessions by graph id; loading beyond a limit drops the least recently used. One that was
 * dropped for the memory it held on to is loaded again without, since it would drop others in turns,
 * until it turns out to be the busiest: what an attack repeats would otherwise ask the system for
 * its memory at each step, which leaves more and more holes in it.
 */
export class SessionCache {
  private readonly loaded = new Map<number, Loaded>();
  private heldBytes = 0;
  private readonly frugal = new Set<number>();

  constructor(
    private readonly runtime: Runtime,
    private readonly limits: SessionLimits,
    private readonly optionsFor: (keepsMemory: boolean) => object,
  ) {}

  get size(): number {
    return this.loaded.size;
  }

  get(id: number): NativeSession | undefined {
    const found = this.loaded.get(id);
    if (found) {
      found.runs++;
      if (this.frugal.has(id) && this.isBusiest(found)) {
        this.frugal.delete(id);
        this.drop(id);
        return undefined;
      }
      // Map order is age: put it at the young end.
      this.loaded.delete(id);
      this.loaded.set(id, found);
    }
    return found?.session;
  }

  /** Whether it holds on to memory between runs. */
  keepsMemory(id: number): boolean {
    return (this.loaded.get(id)?.bytes ?? 0) > 0;
  }

  /** Whether one without memory should have what the holders have. */
  private isBusiest({ runs }: Loaded): boolean {
    const holders = [...this.loaded.values()].filter(({ bytes }) => bytes > 0);
    return holders.every((holder) => runs >= holder.runs + busier);
  }

  /**
   * `needed`: what the session may hold on to for its next run; with 0 it gives all memory back
   * after each.
   */
  load(id: number, model: Uint8Array, needed: number): NativeSession {
    const bytes = this.frugal.has(id) ? 0 : needed;
    const session = this.runtime.createSession();
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, this.optionsFor(bytes > 0));
    this.loaded.set(id, { session, bytes, runs: 0 });
    this.heldBytes += bytes;
    while (this.loaded.size > this.limits.sessions) this.dropOldest();
    // One that holds nothing makes no difference; it may be there for the sake of the newest holder.
    if (bytes === 0) return session;
    for (const [other, { bytes: held }] of [...this.loaded]) {
      if (this.heldBytes <= this.limits.bytes) break;
      if (held === 0 || other === id) continue;
      this.frugal.add(other);
      this.drop(other);
    }
    for (const each of this.loaded.values()) each.runs = 0;
    return session;
  }

  /**
   * Makes room for a large graph: drops the sessions that hold on to memory. Those of large graphs
   * hold none, so they do not drop each other in turns.
   */
  dropHolders(): void {
    for (const [id, { bytes }] of [...this.loaded]) if (bytes > 0) this.drop(id);
  }

  private dropOldest(): void {
    this.drop(this.loaded.keys().next().value!);
  }

  private drop(id: number): void {
    const { session, bytes } = this.loaded.get(id)!;
    this.loaded.delete(id);
    this.heldBytes -= bytes;
    session.dispose();
  }

  clear(): void {
    while (this.loaded.size > 0) this.dropOldest();
    this.frugal.clear();
  }
}

/**
 * The options a session is loaded with; `keepsMemory`: it holds on to what it needed for the next
 * run.
 */
export function sessionOptions(options: ResolvedOptions, keepsMemory = true): object {
  return {
    executionProviders: [options.executionProvider],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // The pattern planner reserves the sum of all shapes it has seen: half of a training step's
    // memory.
    enableMemPattern: false,
    enableCpuMemArena: keepsMemory,
    // The lowering emits what should run: ONNX Runtime's optimizer changes no step's time, takes
    // most of a session's creation, and its fusions change bits with what else is in the graph.
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
    // Idle threads of a pool otherwise spin on after a run, and each session has a pool of its own:
    // with two threads more than half of a small net's CPU time.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}
