/** Graphs compiled within the window that make a warning, when they also cost a tenth of it. */
const limit = 30;
const windowMs = 60_000;
const costMs = windowMs / 10;

/**
 * Tells once, on stderr, that a program keeps making new graphs, and what differed in the last one.
 */
export class RecompilationWatch {
  private readonly recent: { readonly at: number; readonly ms: number }[] = [];
  private isTold = false;
  private readonly reasons = { graph: 0, numbers: 0, evicted: 0 };

  constructor(private readonly warn: (message: string) => void) {}

  /**
   * `reason`: an unknown structure or shape, other built-in numbers, or a session dropped for the
   * limit. `ms`: what compiling took.
   */
  note(reason: 'graph' | 'numbers' | 'evicted', now: number, ms: number): void {
    this.reasons[reason]++;
    this.recent.push({ at: now, ms });
    while (this.recent[0]!.at < now - windowMs) this.recent.shift();
    const spent = this.recent.reduce((sum, compiled) => sum + compiled.ms, 0);
    if (this.isTold || this.recent.length <= limit || spent < costMs) return;
    this.isTold = true;
    const { graph, numbers, evicted } = this.reasons;
    this.warn(
      `onnxruntime backend: ${this.recent.length} graphs were compiled within a minute, in ${(spent / 1000).toFixed(1)} s (${graph} with new ops or shapes, ` +
        `${numbers} with new constants, ${evicted} again because maxSessions dropped them). Keep batch sizes equal, read ` +
        'values at the same places of every step, or raise maxSessions; stats() shows the counts.',
    );
  }
}
