/** What is wrong with a file or a call, for programs. */
export type OnnxErrorCode =
  'ADVROB_ONNX_FILE' | 'ADVROB_ONNX_OPERATOR' | 'ADVROB_ONNX_DYNAMIC' | 'ADVROB_ONNX_INPUT' | 'ADVROB_ONNX_EXTERNAL';

/** The error of everything that this package refuses; its message ends with its code. */
export class OnnxError extends Error {
  override readonly name = 'OnnxError';
  constructor(
    readonly code: OnnxErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${message} [${code}]`, options);
  }
}

/** Throws that a file is no sound ONNX model. */
export function refuseFile(message: string): never {
  throw new OnnxError('ADVROB_ONNX_FILE', message);
}
