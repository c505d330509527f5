import { AdvrobError } from '@advrob/core';
import type { Session, SessionTensor } from '@advrob/backend-onnxruntime/session';
import { isQuantized, type OnnxModel } from '@advrob/onnx';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { joined } from '../tfjs-format/shards.js';
import type { OnnxMeans } from './classifier.js';
import { neededFor, scoresOf } from './ports.js';

// The same file in ONNX Runtime: to judge the import, and to attack what cannot be differentiated.

/** Makes sessions, of a path or of the bytes of a file, where ONNX Runtime is installed. */
export type OpenSession = (file: string | Uint8Array, options?: { optimization: 'basic' | 'all' }) => Session;

/** Bytes of weights that ONNX Runtime does not copy once more into forms that run faster. */
const largeWeights = 100e6;

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
 * @param bytesOf Reads the file again, to find the node that differs.
 * @throws AdvrobError `ADVROB_ONNX_MISMATCH` naming the first node that differs, when it is called.
 */
export function judgeOf(
  path: string,
  who: string,
  model: OnnxModel,
  open: OpenSession,
  bytesOf: () => Promise<Uint8Array>,
): OnnxMeans['judge'] {
  const [port, ...more] = model.inputs;
  if (!port || more.length > 0 || !/^(float32|uint8)$/.test(port.elementType)) return undefined;
  const weights = [...model.initializers.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  return async (x, input, output) => {
    const feeds = { [input]: valueFor(port.elementType, x.shape, (await x.data()) as Float32Array) };
    let wanted: Float32Array;
    try {
      const file = await withOutput(path, model, output, bytesOf);
      const session = open(file, { optimization: weights > largeWeights ? 'basic' : 'all' });
      try {
        wanted = Float32Array.from(session.run(feeds, [output])[output]!.data as Float32Array);
      } finally {
        session.dispose();
      }
    } catch {
      // What ONNX Runtime cannot run cannot be compared.
      return undefined;
    }
    return async (found, valuesAt) => {
      const difference = relativeDifference((await found.data()) as Float32Array, wanted);
      const limit = isQuantized(model) || halves(model) ? looseAgreement : agreement;
      if (difference <= limit) return;
      const where = await firstDifference(neededFor(model, [output]), await bytesOf(), open, feeds, valuesAt, limit);
      throw new AdvrobError(
        'ADVROB_ONNX_MISMATCH',
        `${who}: ONNX Runtime gives other scores than this import, by ${difference.toPrecision(2)} of the largest${where}: a defect of the import, please report it. ` +
          'Run the file as a black box (blackBox: true, on the command line --black-box), which is not affected',
      );
    };
  };
}

/** A file in which the value is an output: as it lies, or its bytes with one output more. */
async function withOutput(
  path: string,
  { outputs }: OnnxModel,
  name: string,
  bytesOf: () => Promise<Uint8Array>,
): Promise<string | Uint8Array> {
  return outputs.some((port) => port.name === name) ? path : withOutputs(await bytesOf(), [name]);
}

/** Two encodings of a message are their sum, so that outputs are added without reading it. */
function withOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const more = names.map((name) => field(12, field(1, new TextEncoder().encode(name))));
  return joined([bytes, field(7, joined(more))]);
}

/** How many values are looked at in one run. */
const atOnce = 32;

/**
 * Where the import leaves ONNX Runtime, in words. The file is run with every value as an output.
 * Nothing where that file cannot be run, as with data beside it.
 */
async function firstDifference(
  model: OnnxModel,
  bytes: Uint8Array,
  open: OpenSession,
  feeds: Readonly<Record<string, SessionTensor>>,
  valuesAt: (names: readonly string[]) => Tensor[],
  limit: number,
): Promise<string> {
  const own = new Set(model.outputs.map(({ name }) => name));
  const nodes = model.nodes.filter(({ operator }) => operator !== 'Constant');
  const names = nodes.flatMap(({ outputs }) => outputs).filter((name) => name !== '');
  const more = names.filter((name) => !own.has(name));
  let session: Session | undefined;
  try {
    session = open(withOutputs(bytes, more));
    for (let from = 0; from < names.length; from += atOnce) {
      const group = names.slice(from, from + atOnce);
      const wanted = session.run(feeds, group);
      for (const name of group) {
        const { type, data, dims } = wanted[name]!;
        if (type !== 'float32') continue;
        const found = tf.tidy(() => tf.clone(valuesAt([name])[0]!));
        const difference = relativeDifference(await found.data(), data as Float32Array);
        const shape = found.shape;
        found.dispose();
        if (difference <= limit) continue;
        const { name: node, operator, opset } = nodes.find(({ outputs }) => outputs.includes(name))!;
        const sizes = shape.join() === dims.join() ? '' : `, [${shape.join(', ')}] where it gives [${dims.join(', ')}]`;
        return `; the first node that differs is '${node}' (${operator}, opset ${opset}), by ${difference.toPrecision(2)}${sizes}`;
      }
    }
    return '';
  } catch {
    return '';
  } finally {
    session?.dispose();
  }
}

/** A field of a protobuf message that holds bytes. */
function field(number: number, content: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let left = content.length; ; left = Math.floor(left / 128)) {
    length.push((left % 128) | (left >= 128 ? 128 : 0));
    if (left < 128) break;
  }
  return joined([Uint8Array.of((number << 3) | 2, ...length), content]);
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
 * @param output Name of the value to take. Default the one that may hold scores.
 * @param bytesOf Reads the file again, where that value is no output of it.
 * @throws AdvrobError `ADVROB_ONNX_FILE` for what ONNX Runtime cannot run, `ADVROB_ONNX_INPUT` when
 *   it cannot be told which output is meant.
 */
export async function blackBoxOf(
  path: string,
  who: string,
  model: OnnxModel,
  open: OpenSession,
  output: string | undefined,
  bytesOf: () => Promise<Uint8Array>,
): Promise<NonNullable<OnnxMeans['blackBox']>> {
  const name = output ?? scoresOf(who, model);
  let session: Session;
  try {
    session = open(await withOutput(path, model, name, bytesOf));
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new AdvrobError('ADVROB_ONNX_FILE', `${who}: ONNX Runtime cannot run it: ${said}`, { cause });
  }
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
