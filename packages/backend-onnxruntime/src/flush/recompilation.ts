/** Graphs compiled within the window that make a warning. */
const limit = 30;
const windowMs = 60_000;

/** Tells once, on stderr, that a program keeps making new graphs, and what differed in the last one. */
export class RecompilationWatch {
  private readonly compiledAt: number[] = [];
  private isTold = false;
  private readonly reasons = { graph: 0, numbers: 0, evicted: 0 };

  constructor(private readonly warn: (message: string) => void) {}

  /** `reason`: an unknown structure or shape, other built-in numbers, or a session dropped for the limit. */
  note(reason: 'graph' | 'numbers' | 'evicted', now: number): void {
    this.reasons[reason]++;
    this.compiledAt.push(now);
    while (this.compiledAt[0]! < now - windowMs) this.compiledAt.shift();
    if (this.isTold || this.compiledAt.length <= limit) return;
    this.isTold = true;
    const { graph, numbers, evicted } = this.reasons;
    this.warn(
      `onnxruntime backend: ${this.compiledAt.length} graphs were compiled within a minute (${graph} with new ops or shapes, ` +
        `${numbers} with new constants, ${evicted} again because maxSessions dropped them). Keep batch sizes equal, read ` +
        'values at the same places of every step, or raise maxSessions; stats() shows the counts.',
    );
  }
}
