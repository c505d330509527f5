import { AdvrobError, type Classifier } from '@advrob/core';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { checkInput } from '../checks/check-input.js';
import { binaryLogits, logProbabilities, probabilitiesError, sampleOutputs } from '../checks/outputs.js';
import { constant } from '../layers/initializers.js';
import { checkNormalization, normalize } from '../layers/normalize.js';
import { createParameters } from '../layers/parameters.js';
import { fitInput } from './input-shape.js';

export interface FromGraphModelOptions {
  /** Smallest and largest legal input value, before normalisation. */
  readonly bounds: readonly [number, number];
  /** Shape of one input, needed only when the graph leaves it open. */
  readonly inputShape?: readonly number[] | undefined;
  /**
   * What the output holds. `probabilities` are turned into logits by their logarithm. A single
   * column [n, 1] is that of class 1 of two, which must be said. Default `logits`.
   */
  readonly outputs?: 'logits' | 'probabilities' | undefined;
  /**
   * Name of the node to take as output, such as the one before the last softmax. Default the
   * graph's own.
   */
  readonly node?: string | undefined;
  /** Subtracted from the input: one value, or one for each channel. Default 0. */
  readonly mean?: number | readonly number[] | undefined;
  /** Divides the centred input: one value, or one for each channel. Default 1. */
  readonly std?: number | readonly number[] | undefined;
}

/**
 * Turns a tfjs GraphModel, as the converter makes it from Keras and SavedModels, with one input [n,
 * ...] and scores [n, numClasses] into a classifier. It is differentiable in its input. Its weights
 * are constants, so it cannot be trained, and every mode is `eval`; they are the classifier's
 * `buffers`, which tell it from other models. The graph stays the caller's.
 *
 * @throws AdvrobError `ADVROB_PROBABILITIES` when it gives probabilities that were not announced:
 *   name the node before the softmax, or pass `outputs: 'probabilities'`; `ADVROB_SHAPE` for
 *   several inputs or open sizes; `ADVROB_NOT_FINITE`.
 * @example
 * ```ts
 * import { fromGraphModel } from '@advrob/models/graph';
 * import { loadGraphModel } from '@tensorflow/tfjs-converter';
 *
 * const graph = await loadGraphModel('https://example.org/model.json');
 * const model = await fromGraphModel(graph, { bounds: [0, 1] });
 * ```
 */
export async function fromGraphModel(
  graph: Pick<GraphModel, 'execute' | 'inputs' | 'weights'>,
  options: FromGraphModelOptions,
): Promise<Classifier> {
  const { bounds, outputs = 'logits', node, mean = 0, std = 1 } = options;
  const who = 'GraphModel';
  const { inputShape, fit } = fitInput(who, declaredShape(who, graph), options.inputShape);
  checkNormalization(who, inputShape, { mean, std });
  const parameters = createParameters((name) => tf.clone(graph.weights[name]![0]!));
  try {
    const normalized = normalize(parameters, { mean, std });
    for (const [name, [tensor]] of Object.entries(graph.weights)) parameters.buffer(name, tensor!.shape, constant(0));
    const scores = (x: tf.Tensor): tf.Tensor =>
      tf.tidy(() => {
        const output = graph.execute(fit(normalized(x, {})), node) as tf.Tensor | tf.Tensor[];
        if (Array.isArray(output))
          throw new AdvrobError(
            'ADVROB_SHAPE',
            `${who}: expected one output, got ${output.length}: name one with node`,
          );
        if (outputs === 'probabilities') return logProbabilities(output);
        return options.outputs === 'logits' && output.shape[1] === 1 ? binaryLogits(output) : tf.clone(output);
      });
    const sample = await sampleOutputs(who, { inputShape, bounds }, scores);
    if (outputs === 'logits' && sample.areProbabilities)
      throw probabilitiesError(who, 'its rows of outputs are not negative and sum to 1');
    return {
      inputShape,
      numClasses: sample.numClasses,
      bounds,
      weights: {},
      buffers: parameters.buffers,
      logits(x) {
        checkInput(who, inputShape, x);
        return scores(x);
      },
      dispose: () => parameters.dispose(),
    };
  } catch (error) {
    parameters.dispose();
    throw error;
  }
}

function declaredShape(who: string, { inputs }: Pick<GraphModel, 'inputs'>): (number | null)[] {
  if (inputs.length !== 1)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${who}: expected one input, got ${inputs.length} (${inputs.map(({ name }) => name).join(', ')}): wrap it with fromFunction`,
    );
  const [, ...shape] = inputs[0]!.shape ?? [];
  return shape.map((side) => (side > 0 ? side : null));
}
