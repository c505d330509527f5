import type { ResolvedOptions } from '../options.js';

/** The options every session is loaded with. */
export function sessionOptions(options: ResolvedOptions): object {
  return {
    executionProviders: [options.executionProvider],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // The pattern planner reserves the sum of all shapes it has seen: half of a training step's memory.
    enableMemPattern: false,
    enableCpuMemArena: true,
    graphOptimizationLevel: options.deterministic ? 'disabled' : 'all',
    logSeverityLevel: 4,
  };
}
