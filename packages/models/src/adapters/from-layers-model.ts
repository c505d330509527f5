// What differs from a model of ours: batch norms in mode `train` move as tfjs-layers does it (its
// momentum, default 0.99), and `probe` puts them back. Weight names come from layer names: name
// your layers, because tfjs counts up the names it gives. Dropout layers of tfjs draw from tfjs'
// own random numbers, not from `rng`, so give them a seed if runs must repeat; `dropout: false`
// cannot switch them off.
import { AdvrobError, type Classifier, type ForwardOptions } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkInput } from '../checks/check-input.js';
import { binaryLogits, logProbabilities, probabilitiesError, sampleOutputs } from '../checks/outputs.js';
import { checkNormalization, normalizationOf, normalize } from '../layers/normalize.js';
import { createParameters } from '../layers/parameters.js';
import { fitInput } from './input-shape.js';
import { layersModelVariables } from './layers-variables.js';
import { forwardPass, splitLayersModel, type ForwardPass } from './split-layers-model.js';

export interface FromLayersModelOptions {
  /** Smallest and largest legal input value, before normalisation. */
  readonly bounds: readonly [number, number];
  /**
   * Shape of one input, needed only when the model leaves it open, or when images of one channel are
   * to be laid out as the rows that it takes.
   */
  readonly inputShape?: readonly number[] | undefined;
  /**
   * What the model gives. `probabilities` are turned into logits: a last softmax or sigmoid is cut
   * off, else their logarithm is taken. Default: what its layers show: a softmax at the end is cut
   * off, and anything else must be logits.
   */
  readonly outputs?: 'logits' | 'probabilities' | undefined;
  /** Subtracted from the input: one value, or one for each channel. Default 0. */
  readonly mean?: number | readonly number[] | undefined;
  /** Divides the centred input: one value, or one for each channel. Default 1. */
  readonly std?: number | readonly number[] | undefined;
}

/**
 * Turns a tfjs LayersModel with one input and one output [n, numClasses] into a classifier that
 * shares its weights; `dispose` frees only what the adapter made. The model is run once to see what
 * it gives. A softmax at its end, also of a model inside, is cut off: the logits are those before it,
 * exactly. A single sigmoid is that of class 1 of two, whose logits are [0, z]. A model that
 * begins with a Rescaling layer for bytes and gets bounds [0, 1] has its inputs multiplied by 255.
 *
 * @throws AdvrobError `ADVROB_PROBABILITIES` for probabilities that were not announced and cannot
 *   be cut off, `ADVROB_SHAPE` for several inputs or outputs or open sizes, `ADVROB_NOT_FINITE`.
 * @example
 * ```ts
 * const flat = tfl.layers.flatten({ inputShape: [28, 28, 1] });
 * const last = tfl.layers.dense({ units: 10, activation: 'softmax', name: 'last' });
 * const layers = tfl.sequential({ layers: [flat, last] });
 * const model = await fromLayersModel(layers, { bounds: [0, 1] });
 * ```
 */
export async function fromLayersModel(model: LayersModel, options: FromLayersModelOptions): Promise<Classifier> {
  const { bounds, outputs } = options;
  const who = `LayersModel '${model.name}'`;
  checkOneOutput(who, model);
  const { inputShape, fit } = fitInput(who, model.inputs[0]!.shape.slice(1), options.inputShape);
  const { activation, logits, end: last } = splitLayersModel(model);
  const isSingle = model.outputs[0]!.shape.length === 2 && model.outputs[0]!.shape[1] === 1;
  const isBinary = isSingle && (activation === 'sigmoid' || outputs === 'logits');
  const cut: ForwardPass | undefined = logits && isBinary ? (x, training) => binaryLogits(logits(x, training)) : logits;
  const end = last && isBinary ? { ...last, head: (features: tf.Tensor) => binaryLogits(last.head(features)) } : last;
  const isPlain = outputs === undefined && (activation === 'softmax' || isBinary) && cut !== undefined;
  if (outputs !== 'probabilities' && activation !== undefined && !isPlain)
    throw probabilitiesError(who, `its last activation is ${activation}`);

  // Outputs that were announced as probabilities and could not be cut are.
  const scores: ForwardPass =
    cut === undefined || (outputs === 'probabilities' && activation === undefined)
      ? (x, training) => logProbabilities(forwardPass(model)(x, training))
      : cut;
  const { weights, buffers } = layersModelVariables(model);
  const parameters = createParameters(() => tf.scalar(0));
  try {
    const normalization = normalizationOf(options, firstRescaling(model));
    checkNormalization(who, inputShape, normalization);
    const normalized = normalize(parameters, normalization);
    const run = (pass: ForwardPass, x: tf.Tensor, how: ForwardOptions = {}): tf.Tensor => {
      checkInput(who, inputShape, x);
      const { mode = 'eval' } = how;
      const forward = () => tf.tidy(() => tf.clone(pass(fit(normalized(x, how)), mode !== 'eval')));
      return mode === 'probe' ? keeping(Object.values(buffers), forward) : forward();
    };
    const sample = await sampleOutputs(who, { inputShape, bounds }, (x) => run(scores, x));
    if (outputs !== 'probabilities' && sample.areProbabilities)
      throw probabilitiesError(who, 'its rows of outputs are not negative and sum to 1');
    return {
      inputShape,
      numClasses: sample.numClasses,
      bounds,
      weights,
      ...(Object.keys(buffers).length > 0 ? { buffers } : {}),
      logits: (x, how) => run(scores, x, how),
      ...(end === undefined || scores !== cut
        ? {}
        : {
            features: (x: tf.Tensor, how?: ForwardOptions) => run(end.features, x, how),
            head: (features: tf.Tensor) => tf.tidy(() => end.head(features)),
          }),
      dispose: () => parameters.dispose(),
    };
  } catch (error) {
    parameters.dispose();
    throw error;
  }
}

/** Runs `body` and puts the variables back to what they held before. */
function keeping(variables: readonly tf.Variable[], body: () => tf.Tensor): tf.Tensor {
  const before = variables.map((variable) => tf.clone(variable));
  try {
    return body();
  } finally {
    variables.forEach((variable, i) => {
      variable.assign(before[i]!);
      before[i]!.dispose();
    });
  }
}

function checkOneOutput(who: string, { inputs, outputs }: LayersModel): void {
  if (inputs.length === 1 && outputs.length === 1) return;
  throw new AdvrobError(
    'ADVROB_SHAPE',
    `${who}: expected one input and one output, got ${inputs.length} and ${outputs.length}: wrap it with fromFunction`,
  );
}

/**
 * The factor of a Rescaling layer right after the input, of nested models too; undefined when the
 * model begins with another layer.
 */
function firstRescaling(model: LayersModel): number | undefined {
  const first = model.layers.find((layer) => layer.getClassName() !== 'InputLayer');
  if (first === undefined) return undefined;
  if ('layers' in first) return firstRescaling(first as LayersModel);
  const scale = first.getClassName() === 'Rescaling' ? first.getConfig()['scale'] : undefined;
  return typeof scale === 'number' ? scale : undefined;
}
