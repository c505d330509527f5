import { AdvrobError } from '@advrob/core';
import type { Session, SessionTensor } from '@advrob/backend-onnxruntime/session';
import { isQuantized, type OnnxModel } from '@advrob/onnx';
import * as tf from '@tensorflow/tfjs-core';
import type { OnnxMeans } from './classifier.js';

// The same file in ONNX Runtime: to judge the import, and to attack what cannot be differentiated.

/** Makes sessions, where ONNX Runtime is installed. */
export type OpenSession = (path: string) => Session;

/** Largest difference from ONNX Runtime, relative to the largest output. */
const agreement = 1e-3;
/** Of files that compute in half precision or in whole numbers. */
const looseAgreement = 2e-2;

function valueFor(type: string, dims: readonly number[], data: Float32Array): SessionTensor {
  const isBytes = type === 'uint8';
  return { type: isBytes ? 'uint8' : 'float32', dims, data: isBytes ? Uint8Array.from(data) : data };
}

/**
 * Compares the outputs of an import with those of ONNX Runtime. Nothing where a file has other inputs
 * or half precision at the door.
 *
 * @throws AdvrobError `ADVROB_ONNX_MISMATCH`, when it is called.
 */
export function judgeOf(path: string, who: string, model: OnnxModel, open: OpenSession): OnnxMeans['judge'] {
  const [port, ...more] = model.inputs;
  if (!port || more.length > 0 || !/^(float32|uint8)$/.test(port.elementType)) return undefined;
  return async (x, input, output, found) => {
    const feeds = { [input]: valueFor(port.elementType, x.shape, (await x.data()) as Float32Array) };
    let session: Session;
    try {
      session = open(path);
    } catch {
      // What ONNX Runtime cannot run cannot be compared.
      return;
    }
    try {
      const wanted = session.run(feeds, [output])[output]!;
      const difference = relativeDifference((await found.data()) as Float32Array, wanted.data as Float32Array);
      if (difference <= (isQuantized(model) || halves(model) ? looseAgreement : agreement)) return;
      throw new AdvrobError(
        'ADVROB_ONNX_MISMATCH',
        `${who}: ONNX Runtime gives other scores than this import, by ${difference.toPrecision(2)} of the largest: a defect of the import, please report it. ` +
          'Run the file as a black box (blackBox: true, on the command line --black-box), which is not affected',
      );
    } finally {
      session.dispose();
    }
  };
}

function halves({ initializers }: OnnxModel): boolean {
  return [...initializers.values()].some(({ type }) => type === 'float16' || type === 'bfloat16');
}

function relativeDifference(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (found.length !== wanted.length) return Infinity;
  let [largest, worst] = [1e-6, 0];
  for (let i = 0; i < wanted.length; i++) {
    largest = Math.max(largest, Math.abs(wanted[i]!));
    const difference = Math.abs(found[i]! - wanted[i]!);
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
  }
  return worst / largest;
}

/**
 * The file in ONNX Runtime, with a gradient that says that there is none: a constant to the tape
 * would be taken for robust.
 *
 * @param output Name of the output to take. Default the first tensor.
 * @throws AdvrobError `ADVROB_ONNX_FILE` for what ONNX Runtime cannot run.
 */
export function blackBoxOf(
  path: string,
  who: string,
  model: OnnxModel,
  open: OpenSession,
  output: string | undefined,
): NonNullable<OnnxMeans['blackBox']> {
  let session: Session;
  try {
    session = open(path);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new AdvrobError('ADVROB_ONNX_FILE', `${who}: ONNX Runtime cannot run it: ${said}`, { cause });
  }
  const name = output ?? session.outputs.find(({ isTensor }) => isTensor)?.name;
  if (name === undefined) throw new AdvrobError('ADVROB_ONNX_INPUT', `${who}: none of its outputs is a tensor`);
  const run = (x: tf.Tensor, input: string): tf.Tensor => {
    const type = model.inputs.find((port) => port.name === input)!.elementType;
    // ONNX Runtime is synchronous here, as attacks want their models.
    // eslint-disable-next-line no-restricted-syntax
    const feed = valueFor(type, x.shape, x.dataSync() as Float32Array);
    const { data, dims } = session.run({ [input]: feed }, [name])[name]!;
    return tf.tensor(Float32Array.from(data as ArrayLike<number>, Number), [...dims], 'float32');
  };
  const missing = (): never => {
    throw new AdvrobError(
      'ADVROB_GRADIENT_MISSING',
      `${who} runs as a black box, which has no gradient: take an attack that needs none, such as square, nes, spsa, simba, boundary or hopskipjump`,
    );
  };
  return {
    forward: (x, input) => tf.customGrad((z) => ({ value: run(z as tf.Tensor, input), gradFunc: missing }))(x),
    dispose: () => session.dispose(),
  };
}
