import type { ResolvedOptions } from '../options.js';

/** The options a session is loaded with; `keepsMemory`: it holds on to what it needed for the next run. */
export function sessionOptions(options: ResolvedOptions, keepsMemory = true): object {
  return {
    executionProviders: [options.executionProvider],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // The pattern planner reserves the sum of all shapes it has seen: half of a training step's memory.
    enableMemPattern: false,
    enableCpuMemArena: keepsMemory,
    // The lowering emits what should run: ONNX Runtime's optimizer changes no step's time, takes most of a session's creation,
    // and its fusions change bits with what else is in the graph.
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
    // Idle threads of a pool otherwise spin on after a run, and each session has a pool of its own: with two threads more than
    // half of a small net's CPU time.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}
