import { loadRuntime, type NativeSession, type RuntimeTensor } from './runtime/binding.js';

/** An input or output as ONNX Runtime sees it. */
export interface SessionPort {
  readonly name: string;
  /** False for sequences and maps, which cannot be fetched. */
  readonly isTensor: boolean;
  /** -1 for sides that are left open. */
  readonly shape: readonly number[];
}

/** A value that goes into a session or comes out of it. */
export interface SessionTensor {
  /** As ONNX Runtime names it, such as `float32`. */
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** An ONNX model in ONNX Runtime itself, whatever it is made of. All calls are synchronous. */
export interface Session {
  readonly inputs: readonly SessionPort[];
  readonly outputs: readonly SessionPort[];
  /**
   * @param feeds A value for every input.
   * @param outputs Names of the outputs wanted. Default all that are tensors.
   */
  run(feeds: Readonly<Record<string, SessionTensor>>, outputs?: readonly string[]): Record<string, SessionTensor>;
  dispose(): void;
}

/** What the native session offers beyond what the backend needs of it. */
interface WholeSession extends Omit<NativeSession, 'loadModel'> {
  loadModel(path: string, options: object): void;
  loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, options: object): void;
  readonly inputMetadata: readonly SessionPort[];
  readonly outputMetadata: readonly SessionPort[];
}

export interface SessionOptions {
  /** Threads of one operation. Default 1. */
  readonly threads?: number | undefined;
  /** What ONNX Runtime may rewrite. Default `all`. */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all' | undefined;
}

/**
 * Loads an ONNX model into ONNX Runtime: to compare another program's results with its own, or to
 * attack a model that cannot be differentiated.
 *
 * @param model Its path, or the bytes of a file that has no data beside it.
 * @throws OnnxRuntimeSetupError when ONNX Runtime is missing; what ONNX Runtime says of the file.
 * @example
 * ```ts
 * const session = createSession('model.onnx');
 * const { logits } = session.run({ x: { type: 'float32', dims: [1, 3], data: new Float32Array(3) } });
 * session.dispose();
 * ```
 */
export function createSession(
  model: string | Uint8Array,
  { threads = 1, optimization = 'all' }: SessionOptions = {},
): Session {
  const runtime = loadRuntime();
  const native = runtime.createSession() as unknown as WholeSession;
  const options = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: optimization,
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
  if (typeof model === 'string') native.loadModel(model, options);
  else native.loadModel(model.buffer, model.byteOffset, model.byteLength, options);
  const portOf = ({ name, isTensor, shape = [] }: SessionPort): SessionPort => ({ name, isTensor, shape });
  const [inputs, outputs] = [native.inputMetadata.map(portOf), native.outputMetadata.map(portOf)];
  return {
    inputs,
    outputs,
    run(feeds, wanted = outputs.filter(({ isTensor }) => isTensor).map(({ name }) => name)) {
      const given = Object.entries(feeds).map(([name, { type, data, dims }]): [string, RuntimeTensor] => [
        name,
        runtime.tensor(type, data, dims),
      ]);
      const fetches = Object.fromEntries(wanted.map((name) => [name, null]));
      const found = native.run(Object.fromEntries(given), fetches, {});
      return Object.fromEntries(wanted.map((name) => [name, found[name]!]));
    },
    dispose: () => native.dispose(),
  };
}
