/** What the backend did since it was made; see `stats()`. Times in milliseconds. */
export interface OnnxRuntimeStats {
  /** The card that graphs run on, as far as the system names it; null on the CPU. */
  card: string | null;
  /** ONNX graphs built and loaded into a session. */
  graphsCompiled: number;
  /** Flushes whose graph was known. */
  cacheHits: number;
  /** Graphs run. */
  runs: number;
  /** Kernel calls that the cpu backend computed, by kernel. */
  fallbacks: Record<string, number>;
  /** Kernel calls on arrays without elements, which never reach ONNX Runtime. */
  emptyKernels: number;
  /** Bytes of the arrays that live tensors hold. */
  bytes: number;
  /** Bytes kept for reuse. */
  pooledBytes: number;
  /** Bytes of kept forms of filters. */
  derivedBytes: number;
  /** Sessions loaded now. */
  sessions: number;
  /** Recorded values that are live and not computed yet. */
  pendingNodes: number;
  /** Arrays fetched from a GPU's memory, and their bytes; 0 on the CPU. */
  deviceReads: number;
  deviceReadBytes: number;
  /** Arrays brought into a GPU's memory, and their bytes; 0 on the CPU. */
  deviceUploads: number;
  deviceUploadBytes: number;
  recordMs: number;
  keyMs: number;
  /** Lowering, encoding and loading of new graphs. */
  compileMs: number;
  runMs: number;
}

export type Counters = Pick<
  OnnxRuntimeStats,
  | 'graphsCompiled'
  | 'cacheHits'
  | 'runs'
  | 'fallbacks'
  | 'emptyKernels'
  | 'derivedBytes'
  | 'deviceReads'
  | 'deviceReadBytes'
  | 'deviceUploads'
  | 'deviceUploadBytes'
  | 'recordMs'
  | 'keyMs'
  | 'compileMs'
  | 'runMs'
>;

export function newCounters(): Counters {
  return {
    graphsCompiled: 0,
    cacheHits: 0,
    runs: 0,
    fallbacks: {},
    emptyKernels: 0,
    derivedBytes: 0,
    deviceReads: 0,
    deviceReadBytes: 0,
    deviceUploads: 0,
    deviceUploadBytes: 0,
    recordMs: 0,
    keyMs: 0,
    compileMs: 0,
    runMs: 0,
  };
}
