import { AdvrobError } from '@advrob/core';
import type { Session, SessionTensor } from '@advrob/backend-onnxruntime/session';
import type { ExternalData, OnnxModel } from '@advrob/onnx';
import * as tf from '@tensorflow/tfjs-core';
import { closeSync, fstatSync, lstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { FromOnnxOptions, OnnxClassifier, OnnxMeans } from '../onnx/classifier.js';
import { readLimited } from './files.js';

export interface LoadOnnxFileOptions extends FromOnnxOptions {
  /**
   * Runs the file in ONNX Runtime, without gradients, whatever it is made of. Attacks that need
   * gradients are refused. Default false.
   */
  readonly blackBox?: boolean | undefined;
  /**
   * Whether the import is compared with ONNX Runtime on a few inputs, where
   * `@advrob/backend-onnxruntime` is installed. Default true.
   */
  readonly compare?: boolean | undefined;
  /** Most bytes of the file and of the data beside it, each. Default 4 GiB. */
  readonly maxBytes?: number | undefined;
}

/** Largest difference from ONNX Runtime, relative to the largest output. */
const agreement = 1e-3;
/** Of files that compute in half precision or in whole numbers. */
const looseAgreement = 2e-2;

/**
 * Loads an ONNX file as a classifier, with data beside it. Unless told otherwise the import is
 * compared with ONNX Runtime: a mistake of ours ends in an error, not in a wrong robustness.
 *
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_MODEL_OVERSIZED`, `ADVROB_ONNX_FILE`,
 *   `ADVROB_ONNX_EXTERNAL` for data outside of the file's folder, `ADVROB_ONNX_MISMATCH` naming
 *   the first node that differs, and those of `fromOnnx`.
 * @example
 * ```ts
 * const model = await loadOnnxFile('resnet.onnx', { bounds: [0, 1] });
 * ```
 */
export async function loadOnnxFile(path: string, options: LoadOnnxFileOptions): Promise<OnnxClassifier> {
  const { blackBox = false, compare = true, maxBytes = 4 * 1024 ** 3, ...rest } = options;
  const who = basename(path);
  const bytes = await readLimited(path, maxBytes);
  const { readOnnx } = await import('@advrob/onnx').catch((cause: unknown) => {
    throw new AdvrobError('ADVROB_MODEL_FILE', `${who}: an ONNX file needs a package: npm install @advrob/onnx`, {
      cause,
    });
  });
  const { asAdvrob, onnxClassifier } = await import('../onnx/classifier.js');
  const external = (data: ExternalData): Uint8Array => readBeside(path, data, maxBytes);
  const model = asAdvrob(who, () => readOnnx(bytes, { external, maxBytes }));
  if (blackBox) return onnxClassifier(who, model, rest, { blackBox: await blackBoxOf(path, who, model, rest) });
  return onnxClassifier(who, model, rest, { judge: compare ? await judgeOf(path, who, bytes, model) : undefined });
}

/** @throws AdvrobError `ADVROB_ONNX_EXTERNAL` for a place outside of the model's folder. */
function readBeside(path: string, { location, offset, length }: ExternalData, maxBytes: number): Uint8Array {
  const refuse = (why: string): never => {
    throw new AdvrobError('ADVROB_ONNX_EXTERNAL', `${basename(path)}: its weights in '${location}' ${why}`);
  };
  const isPlain = !/[\\\0]|^[a-z]:|^\//i.test(location) && !location.split('/').includes('..');
  if (!isPlain) refuse("lie outside of the model's folder: refused");
  const folder = realpathSync(dirname(resolve(path)));
  const file = join(folder, location);
  let found: ReturnType<typeof lstatSync> | undefined;
  try {
    found = lstatSync(file);
  } catch {
    return refuse('are missing');
  }
  if (found.isSymbolicLink() || !realpathSync(file).startsWith(folder + sep) || !found.isFile() || found.nlink > 1)
    refuse('are a link, or no plain file: refused');
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const wanted = length ?? size - offset;
    if (offset + wanted > size || wanted < 0) refuse(`have ${size} bytes, fewer than ${offset + wanted}`);
    if (wanted > maxBytes) refuse(`are ${wanted} bytes, more than the limit of ${maxBytes}`);
    const bytes = new Uint8Array(wanted);
    for (let at = 0; at < wanted;) {
      const read = readSync(handle, bytes, at, wanted - at, offset + at);
      if (read === 0) return refuse('ended early');
      at += read;
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}

/** ONNX Runtime, or nothing where it is not installed. */
async function sessions(): Promise<typeof import('@advrob/backend-onnxruntime/session') | undefined> {
  return import('@advrob/backend-onnxruntime/session').catch(() => undefined);
}

function tensorOf(x: tf.Tensor, type: string, data: Float32Array): SessionTensor {
  return {
    type: type === 'uint8' ? 'uint8' : 'float32',
    dims: x.shape,
    data: type === 'uint8' ? Uint8Array.from(data) : data,
  };
}

async function judgeOf(path: string, who: string, bytes: Uint8Array, model: OnnxModel): Promise<OnnxMeans['judge']> {
  const runtime = await sessions();
  // Other inputs and half precision at the door would need their own form.
  if (!runtime || model.inputs.length !== 1 || !/^(float32|uint8)$/.test(model.inputs[0]!.elementType))
    return undefined;
  return async (x, input, output, found) => {
    const feeds = { [input]: tensorOf(x, model.inputs[0]!.elementType, (await x.data()) as Float32Array) };
    let session: Session;
    try {
      session = runtime.createSession(path);
    } catch {
      // What ONNX Runtime cannot run cannot be compared.
      return;
    }
    const isLoose =
      model.nodes.some(({ operator }) => /Quantize|QLinear|Integer$|QGemm/.test(operator)) || halves(model);
    const limit = isLoose ? looseAgreement : agreement;
    try {
      const wanted = session.run(feeds, [output])[output]!;
      const difference = relativeDifference((await found.data()) as Float32Array, wanted.data as Float32Array);
      if (difference <= limit) return;
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

function halves(model: OnnxModel): boolean {
  return [...model.initializers.values()].some(({ type }) => type === 'float16' || type === 'bfloat16');
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

/** The file in ONNX Runtime, with a gradient that says that there is none. */
async function blackBoxOf(
  path: string,
  who: string,
  model: OnnxModel,
  { output }: FromOnnxOptions,
): Promise<NonNullable<OnnxMeans['blackBox']>> {
  const runtime = await sessions();
  if (!runtime)
    throw new AdvrobError(
      'ADVROB_MODEL_FILE',
      `${who}: a black box needs a package: npm install @advrob/backend-onnxruntime`,
    );
  const session = runtime.createSession(path);
  const name = output ?? session.outputs.find(({ isTensor }) => isTensor)?.name;
  if (name === undefined) throw new AdvrobError('ADVROB_ONNX_INPUT', `${who}: none of its outputs is a tensor`);
  const fixed = model.inputs[0]?.shape?.[0];
  const run = (x: tf.Tensor, input: string): tf.Tensor => {
    const type = model.inputs.find((port) => port.name === input)!.elementType;
    // ONNX Runtime is synchronous here, as attacks want their models.
    // eslint-disable-next-line no-restricted-syntax
    const values = x.dataSync() as Float32Array;
    const rows = x.shape[0]!;
    const group = typeof fixed === 'number' ? fixed : rows;
    const each = values.length / rows;
    const parts: number[] = [];
    let shape: readonly number[] = [];
    for (let from = 0; from < rows; from += group) {
      const part = new Float32Array(group * each);
      part.set(values.subarray(from * each, Math.min(from + group, rows) * each));
      const found = session.run({ [input]: { ...tensorOf(x, type, part), dims: [group, ...x.shape.slice(1)] } }, [
        name,
      ])[name]!;
      shape = found.dims.slice(1);
      const size = shape.reduce((product, side) => product * side, 1);
      const kept = Math.min(group, rows - from) * size;
      parts.push(...Array.from((found.data as Float32Array).subarray(0, kept), Number));
    }
    return tf.tensor(parts, [rows, ...shape], 'float32');
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
