import { AdvrobError, type Classifier } from '@advrob/core';
import { createOnnxGraph, OnnxError, readOnnx } from '@advrob/onnx';
import { exportOnnx } from '@advrob/onnx/export';
import * as tf from '@tensorflow/tfjs-core';
import { withLayerNames } from '../checks/layer-names.js';
import type { OnnxLayout } from './ports.js';

export interface ExportClassifierOptions {
  /** Where channels lie in the file's input, for images. Default `NCHW`, as most programs expect. */
  readonly layout?: OnnxLayout | undefined;
  /** What the file's output holds. Default logits. */
  readonly outputs?: 'logits' | 'probabilities' | undefined;
  /** Further entries of the file's metadata. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** Largest difference of the file from the model, relative to the largest output. */
export const exportAgreement = 1e-5;

/** Examples that a written file is compared on; another batch than those it was recorded with. */
export const comparedExamples = 5;

/**
 * Writes a classifier as an ONNX file: opset 17, any batch, normalisation inside, so that its input
 * lies within the model's bounds. The file is read again and compared.
 *
 * @param model One of this package's architectures, a LayersModel or any other whose ops have
 *   equivalents in ONNX. Weights are written as they are now.
 * @throws AdvrobError `ADVROB_ONNX_OPERATOR` naming the op, and the layer, that has no equivalent,
 *   `ADVROB_ONNX_DYNAMIC` for a model of one batch alone, `ADVROB_ONNX_MISMATCH` when the file
 *   computes something else.
 * @example
 * ```ts
 * const bytes = await exportClassifier(model, { layout: 'NHWC' });
 * ```
 */
export async function exportClassifier(
  model: Classifier,
  { layout = 'NCHW', outputs = 'logits', metadata = {} }: ExportClassifierOptions = {},
): Promise<Uint8Array> {
  const names = new Map(
    Object.entries({ ...model.weights, ...model.buffers }).map(([name, { id }]) => [id, name] as const),
  );
  const scores = (x: tf.Tensor): tf.Tensor =>
    tf.tidy(() => (outputs === 'logits' ? model.logits(x) : tf.softmax(model.logits(x))));
  const bytes = withLayerNames((place) =>
    translated(() =>
      exportOnnx(scores, {
        inputShape: model.inputShape,
        layout,
        names: { input: 'input', output: outputs },
        nameOf: ({ id }) => names.get(id),
        place,
        metadata: { 'advrob.bounds': JSON.stringify(model.bounds), ...metadata },
      }),
    ),
  );
  const graph = translated(() => createOnnxGraph(readOnnx(bytes)));
  const [wanted, found] = tf.tidy(() => {
    const x = examplesFor(model);
    const isImage = model.inputShape.length === 3 && layout === 'NCHW';
    return [scores(x), isImage ? graph.runImages(x)[0]! : graph.run({ input: x })[0]!];
  });
  try {
    checkAgreement('our own import', (await found.data()) as Float32Array, (await wanted.data()) as Float32Array);
  } finally {
    tf.dispose([wanted, found]);
    graph.dispose();
  }
  return bytes;
}

function translated<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof OnnxError)) throw error;
    const message = error.message.replace(` [${error.code}]`, '');
    throw new AdvrobError(error.code, `export: ${message}`, { cause: error });
  }
}

/** Inputs within the bounds, to compare a file on. */
export function examplesFor({ inputShape, bounds }: Classifier): tf.Tensor {
  const [low, high] = bounds;
  return tf.randomUniform([comparedExamples, ...inputShape], low, high, 'float32', 11);
}

/** @throws AdvrobError `ADVROB_ONNX_MISMATCH` where the scores of a written file are others than the model's. */
export function checkAgreement(who: string, found: ArrayLike<number>, wanted: ArrayLike<number>): void {
  let [largest, worst] = [1e-6, found.length === wanted.length ? 0 : Infinity];
  for (let i = 0; i < wanted.length; i++) {
    largest = Math.max(largest, Math.abs(wanted[i]!));
    const difference = Math.abs(found[i]! - wanted[i]!);
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
  }
  if (worst <= exportAgreement * largest) return;
  throw new AdvrobError(
    'ADVROB_ONNX_MISMATCH',
    `export: in ${who} the file gives other scores than the model, by ${(worst / largest).toPrecision(2)} of the largest: a defect of the export, please report it`,
  );
}
