/**
 * An option, a provider or the installed ONNX Runtime cannot be used; the message says what was
 * looked for.
 */
export class OnnxRuntimeSetupError extends Error {
  override readonly name = 'OnnxRuntimeSetupError';
}

/** A tensor that was disposed, or that another backend holds, was given to a kernel or read. */
export class TensorStateError extends Error {
  override readonly name = 'TensorStateError';
}

/**
 * ONNX Runtime refused or failed a recorded graph; `recordedAt` has the stacks of its ops when
 * `debug` is on.
 */
export class GraphRunError extends Error {
  override readonly name = 'GraphRunError';
  /**
   * One line per op of the failed graph, with the JavaScript stack that recorded it (empty unless
   * `debug` is on).
   */
  readonly recordedAt: string[];
  constructor(message: string, recordedAt: string[], options?: ErrorOptions) {
    super(message, options);
    this.recordedAt = recordedAt;
  }
}
