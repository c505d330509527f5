import { AdvrobError, type Classifier } from '@advrob/core';
import { createOnnxGraph, isQuantized, OnnxError, type HostTensor, type OnnxModel } from '@advrob/onnx';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { fitInput } from '../adapters/input-shape.js';
import { checkInput } from '../checks/check-input.js';
import { binaryLogits, logProbabilities, probabilitiesError, sampleInputs, sampleOutputs } from '../checks/outputs.js';
import { checkNormalization, normalize } from '../layers/normalize.js';
import { createParameters } from '../layers/parameters.js';
import { chooseInput, chooseOutput, expectsBytes, neededFor, type ChosenOutput, type OnnxLayout } from './ports.js';

export interface FromOnnxOptions {
  /** Smallest and largest legal input value, before normalisation. */
  readonly bounds: readonly [number, number];
  /** Shape of one input, channels last, needed only where the file leaves it open. */
  readonly inputShape?: readonly number[] | undefined;
  /**
   * What the output holds. Default: logits, once a softmax or the sigmoid of a single score is cut
   * off. `probabilities` without one to cut are turned into logits by their logarithm.
   */
  readonly outputs?: 'logits' | 'probabilities' | undefined;
  /** Name of the value to take as output. Default the file's own, where one alone holds scores. */
  readonly output?: string | undefined;
  /** Where channels lie in the file, when its shape does not show it. */
  readonly layout?: OnnxLayout | undefined;
  /** Subtracted from the input: one value, or one for each channel. Default 0. */
  readonly mean?: number | readonly number[] | undefined;
  /** Divides the centred input: one value, or one for each channel. Default 1. */
  readonly std?: number | readonly number[] | undefined;
  /** Values of all inputs but the one that takes examples. They stay the caller's. */
  readonly inputs?: Readonly<Record<string, Tensor | HostTensor>> | undefined;
}

/** A classifier out of an ONNX file, and how the file was read. */
export interface OnnxClassifier extends Classifier {
  readonly onnx: {
    readonly producer: string;
    readonly opset: number;
    readonly nodes: number;
    readonly layout: OnnxLayout | undefined;
    readonly cut: ChosenOutput['cut'];
    /** Whether inputs are multiplied so that they are bytes, as the file expects. */
    readonly takesBytes: boolean;
    /** Whether it runs in ONNX Runtime, without gradients. */
    readonly isBlackBox: boolean;
    /** Whether its gradients go straight through the roundings of quantised values: estimates. */
    readonly isQuantized: boolean;
    /** Whether examples run one by one, since the file works for its own batch alone. */
    readonly isRowByRow: boolean;
  };
}

/** The same scores by other means: ONNX Runtime's, for a black box. */
export type Forward = (x: Tensor) => Tensor;

/**
 * Turns an ONNX model into a classifier that is differentiable in its input. Its weights are
 * constants, so it can be attacked and measured and not trained; a hash of them stands among the
 * `buffers` and tells it from other models. Images are [n, height, width, channels], whatever the
 * file says.
 *
 * @param model What `readOnnx` gives.
 * @throws AdvrobError `ADVROB_ONNX_OPERATOR`, `ADVROB_ONNX_DYNAMIC` for what cannot be
 *   differentiated, `ADVROB_ONNX_INPUT` where inputs, outputs or layout are ambiguous,
 *   `ADVROB_PROBABILITIES`, `ADVROB_SHAPE`, `ADVROB_NOT_FINITE`.
 * @example
 * ```ts
 * import { fromOnnx } from '@advrob/models/onnx';
 * import { readOnnx } from '@advrob/onnx';
 *
 * const model = await fromOnnx(readOnnx(bytes), { bounds: [0, 1] });
 * ```
 */
export function fromOnnx(model: OnnxModel, options: FromOnnxOptions): Promise<OnnxClassifier> {
  return onnxClassifier('ONNX model', model, options);
}

/** What a file is loaded with beyond its own content. */
export interface OnnxMeans {
  /** Runs the file at inputs as it wants them, instead of its graph here. */
  readonly blackBox?: { readonly forward: (x: Tensor, input: string) => Tensor; dispose(): void } | undefined;
  /** Compares the graph with another program's results. */
  readonly judge?: Judge | undefined;
}

/**
 * Runs a file in another program, at inputs as the file wants them, before this one keeps weights of
 * its own; then is given the graph's own values of the output, and a way to those of other values.
 * Throws when they differ. Undefined for what the other program cannot run.
 */
type Judge = (
  x: Tensor,
  input: string,
  output: string,
) => Promise<((found: Tensor, valuesAt: (names: readonly string[]) => Tensor[]) => Promise<void>) | undefined>;

/** Makes the classifier of a file. `who` is what messages call it. */
export async function onnxClassifier(
  who: string,
  model: OnnxModel,
  options: FromOnnxOptions,
  { blackBox, judge }: OnnxMeans = {},
): Promise<OnnxClassifier> {
  const { bounds, outputs, mean = 0, std = 1, inputs = {} } = options;
  const input = chooseInput(who, model, Object.keys(inputs), options.inputShape, options.layout);
  const chosen = blackBox ? { name: '', cut: undefined } : chooseOutput(who, model, options.output);
  if (outputs === 'logits' && (chosen.cut === 'softmax' || chosen.cut === 'log-softmax'))
    throw probabilitiesError(who, `its last operator is a ${chosen.cut}`);
  const { inputShape, fit } = fitInput(who, input.shape, options.inputShape);
  checkNormalization(who, inputShape, { mean, std });
  const isTold = options.mean !== undefined || options.std !== undefined;
  const takesBytes =
    !isTold && bounds[1] <= 1 && (input.port.elementType === 'uint8' || expectsBytes(model, input.port.name));
  const whole = blackBox ? '' : (options.output ?? chooseOutput(who, model, undefined, true).name);
  const graph = blackBox ? undefined : asAdvrob(who, () => createOnnxGraph(neededFor(model, [chosen.name, whole])));
  const parameters = createParameters(() => tf.tensor1d(new Float32Array(32)));
  let given = outputs;
  try {
    const normalized = normalize(parameters, { mean, std });
    const prepared = (x: Tensor): Tensor => {
      const fitting = fit(normalized(x, {}));
      return takesBytes ? tf.mul(fitting, 255 / (bounds[1] - bounds[0])) : fitting;
    };
    const raw = (x: Tensor): Tensor => {
      if (blackBox) return blackBox.forward(inLayout(x, input.layout), input.port.name);
      const [found] =
        input.layout === 'NCHW'
          ? graph!.runImages(x, [chosen.name], inputs)
          : graph!.run({ ...inputs, [input.port.name]: x }, [chosen.name]);
      return found!;
    };
    const grouped: Forward = (x) => inGroups(x, input.batch ?? 1, raw);
    const scoresBy =
      (forward: Forward): Forward =>
      (x) =>
        tf.tidy(() => scoresOf(flat(asAdvrob(who, () => forward(prepared(x)))), chosen.cut, given));
    const parts = { inputShape, bounds };
    if (judge && graph) {
      const fed = tf.tidy(() => inLayout(rowsOf(prepared(sampleInputs(parts)), input.batch), input.layout));
      try {
        const compare = await judge(fed, input.port.name, whole);
        const valuesAt = (names: readonly string[]): Tensor[] =>
          asAdvrob(who, () => graph.run({ ...inputs, [input.port.name]: fed }, names));
        const found = compare && tf.tidy(() => valuesAt([whole])[0]!);
        if (found) await compare(found, valuesAt).finally(() => found.dispose());
      } finally {
        fed.dispose();
      }
    }
    const isRowByRow = input.batch !== undefined && !(await agree(parts, scoresBy(grouped), scoresBy(raw)));
    const scores = scoresBy(isRowByRow ? grouped : raw);
    const sample = await sampleOutputs(who, parts, scores, undefined, isQuantized(model) ? 0.5 : undefined);
    // Of a black box nothing can be cut off, and no gradient is lost.
    if (blackBox && sample.areProbabilities) given ??= 'probabilities';
    else if (outputs === undefined && sample.areProbabilities)
      throw probabilitiesError(who, 'its rows of outputs are not negative and sum to 1');
    await hashInto(
      parameters.buffer('onnx/sha256', [32], () => tf.zeros([32])),
      model,
    );
    return {
      ...parts,
      numClasses: sample.numClasses,
      weights: {},
      buffers: parameters.buffers,
      logits(x) {
        checkInput(who, inputShape, x);
        return scores(x);
      },
      dispose() {
        parameters.dispose();
        graph?.dispose();
        blackBox?.dispose();
      },
      onnx: {
        producer: model.producer,
        opset: model.opsets.get('') ?? 1,
        nodes: model.nodes.length,
        layout: input.layout,
        cut: chosen.cut,
        takesBytes,
        isBlackBox: blackBox !== undefined,
        isQuantized: isQuantized(model),
        isRowByRow,
      },
    };
  } catch (error) {
    parameters.dispose();
    graph?.dispose();
    blackBox?.dispose();
    throw error;
  }
}

/** Errors of the importer under the same codes. */
export function asAdvrob<T>(who: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof OnnxError)) throw error;
    const message = error.message.replace(` [${error.code}]`, '');
    const advice = /OPERATOR|DYNAMIC/.test(error.code)
      ? '. Run it as a black box (blackBox: true, on the command line --black-box), with square, nes, spsa, simba, boundary or hopskipjump'
      : '';
    throw new AdvrobError(error.code, `${who}: ${message}${advice}`, { cause: error });
  }
}

/** [n, classes, 1, 1] as [n, classes]. */
function flat(scores: Tensor): Tensor {
  return scores.rank > 2 ? tf.reshape(scores, [scores.shape[0]!, -1]) : scores;
}

function scoresOf(found: Tensor, cut: ChosenOutput['cut'], outputs: FromOnnxOptions['outputs']): Tensor {
  if (cut === 'sigmoid') return found.shape[1] === 1 ? binaryLogits(found) : found;
  if (outputs === 'probabilities' && cut === undefined) return logProbabilities(found);
  return outputs === 'logits' && found.shape[1] === 1 ? binaryLogits(found) : found;
}

function inLayout(x: Tensor, layout: OnnxLayout | undefined): Tensor {
  return layout === 'NCHW' ? tf.transpose(x as Tensor4D, [0, 3, 1, 2]) : x;
}

/** Runs groups of the file's own batch; the last one is filled up with its last row. */
function inGroups(x: Tensor, batch: number, forward: Forward): Tensor {
  const count = x.shape[0]!;
  const parts: Tensor[] = [];
  for (let from = 0; from < count; from += batch) {
    const rows = Math.min(batch, count - from);
    const part = tf.slice(x, [from, ...x.shape.slice(1).map(() => 0)], [rows, ...x.shape.slice(1)]);
    const missing = batch - rows;
    const last = tf.slice(part, [rows - 1, ...x.shape.slice(1).map(() => 0)], [1, ...x.shape.slice(1)]);
    const full = missing === 0 ? part : tf.concat([part, ...Array<Tensor>(missing).fill(last)]);
    const found = forward(full);
    parts.push(
      missing === 0
        ? found
        : tf.slice(found, [0, ...found.shape.slice(1).map(() => 0)], [rows, ...found.shape.slice(1)]),
    );
  }
  return parts.length === 1 ? parts[0]! : tf.concat(parts);
}

/** As many rows as the file's batch has, the first one as often as it takes; all where it is free. */
function rowsOf(x: Tensor, batch = x.shape[0]!): Tensor {
  const begin = x.shape.map(() => 0);
  const rows = tf.slice(x, begin, [Math.min(batch, x.shape[0]!), ...x.shape.slice(1)]);
  const missing = batch - rows.shape[0]!;
  const first = tf.slice(x, begin, [1, ...x.shape.slice(1)]);
  return missing === 0 ? rows : tf.concat([rows, ...Array<Tensor>(missing).fill(first)]);
}

/** Whether three rows together give what they give in the file's own batch. */
async function agree(
  parts: Pick<Classifier, 'inputShape' | 'bounds'>,
  grouped: Forward,
  whole: Forward,
): Promise<boolean> {
  const x = tf.tidy(() => tf.slice(sampleInputs(parts), [0], [3]));
  try {
    const alone = grouped(x);
    const together = tf.tidy(() => settled(() => whole(x)));
    try {
      if (!together || together.shape.join() !== alone.shape.join()) return false;
      const [a, b] = [await alone.data(), await together.data()];
      const size = Math.max(...a.map(Math.abs), 1e-6);
      return a.every((value, i) => Math.abs(value - b[i]!) <= 1e-4 * size);
    } finally {
      tf.dispose(together ? [alone, together] : alone);
    }
  } finally {
    x.dispose();
  }
}

/** The result, or nothing where shapes do not fit at this batch. */
function settled(forward: () => Tensor): Tensor | undefined {
  try {
    return forward();
  } catch {
    return undefined;
  }
}

/** The hash of all weights and operators, by which two files are told apart. */
async function hashInto(buffer: tf.Variable, model: OnnxModel): Promise<void> {
  const bytesOf = ({ data }: HostTensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const tensors: Uint8Array[] = [];
  const nodes = model.nodes.map(({ operator, inputs, outputs, attributes }) => {
    const values = [...attributes].map(([name, attribute]) => {
      if (attribute.kind !== 'tensor') return [name, attribute.value];
      tensors.push(bytesOf(attribute.value));
      return [name, attribute.value.dims];
    });
    return [operator, inputs, outputs, values];
  });
  const weights = [...model.initializers].map(([name, tensor]) => {
    tensors.push(bytesOf(tensor));
    return [name, tensor.dims];
  });
  const digest = async (part: Uint8Array) =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', part as BufferSource));
  const parts = [await digest(new TextEncoder().encode(JSON.stringify([nodes, weights])))];
  for (const each of tensors) parts.push(await digest(each));
  const all = new Uint8Array(32 * parts.length);
  parts.forEach((part, i) => all.set(part, 32 * i));
  const values = tf.tensor1d(Float32Array.from(await digest(all)));
  buffer.assign(values);
  values.dispose();
}
