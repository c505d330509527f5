/** Where graphs run: ONNX Runtime's name of an execution provider. */
export type ExecutionProvider = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'dml';

/** Options of {@link registerOnnxRuntime}; every one has a default. */
export interface OnnxRuntimeOptions {
  /**
   * Threads of one kernel inside ONNX Runtime. Default: the number of cores available to the
   * process.
   */
  threads?: number;
  /** Compiled graphs kept; the least recently used one is dropped. Default 64. */
  maxSessions?: number;
  /** Default `'cpu'`. */
  executionProvider?: ExecutionProvider;
  /**
   * The graph that computes a value depends on the program alone, never on what ran before. Default
   * false.
   */
  deterministic?: boolean;
  /** Run every kernel when it is called: slow, finds the op that fails. Default false. */
  flushEveryKernel?: boolean;
  /**
   * Runs after which the forms of unchanged filters are computed once and kept; 0 at once. Bits
   * stay the same. Default 2.
   */
  hoistAfter?: number;
  /**
   * `'blocked'` uses ONNX Runtime's channel-blocked CPU ops, `'plain'` does not. Default `'auto'`:
   * blocked where they work.
   */
  lowering?: 'auto' | 'blocked' | 'plain';
  /** Keep the stack of every recorded op for error messages. Default false. */
  debug?: boolean;
  /**
   * Recorded ops after which live values are computed even if nobody reads them, once no gradient
   * is being taken. Default 20000.
   */
  maxPendingNodes?: number;
}

/** {@link OnnxRuntimeOptions} with all defaults filled in. */
export type ResolvedOptions = Required<OnnxRuntimeOptions>;

export function resolveOptions(options: OnnxRuntimeOptions, cores: number): ResolvedOptions {
  return {
    threads: options.threads ?? cores,
    maxSessions: options.maxSessions ?? 64,
    executionProvider: options.executionProvider ?? 'cpu',
    deterministic: options.deterministic ?? false,
    flushEveryKernel: options.flushEveryKernel ?? false,
    hoistAfter: options.hoistAfter ?? 2,
    lowering: options.lowering ?? 'auto',
    debug: options.debug ?? false,
    maxPendingNodes: options.maxPendingNodes ?? 20_000,
  };
}
