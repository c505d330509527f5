import {
  defineModel,
  type Classifier,
  type ForwardOptions,
  type ModelDefinition,
  type ModelFactory,
} from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import { checkInput } from './checks/check-input.js';
import type { Layer } from './layers/layer.js';
import { checkNormalization, normalize } from './layers/normalize.js';
import { createParameters, type FlattenedImage, type Parameters, type ParameterSource } from './layers/parameters.js';

/** What the validated options of every architecture contain. */
export interface ArchitectureOptions {
  readonly inputShape: readonly number[];
  readonly numClasses: number;
  readonly bounds: readonly [number, number];
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/**
 * The two halves of a network. They run inside `tf.tidy` on inputs whose shape was checked and that
 * were normalised.
 */
export interface Network {
  /** [n, ...inputShape] to [n, f]. */
  readonly features: Layer;
  /** [n, f] to [n, numClasses]. */
  readonly head: (features: tf.Tensor) => tf.Tensor;
}

/**
 * A classifier made by an architecture of this package, or by one of your own through
 * {@link defineArchitecture}.
 */
export interface BuiltClassifier extends Classifier {
  /** Name and validated options of the architecture. */
  readonly origin: { readonly name: string; readonly options: ArchitectureOptions };
  /**
   * By weight name: the image `[h, w, c]` that the first axis of a dense kernel runs over, which
   * PyTorch orders otherwise.
   */
  readonly flattened: Readonly<Record<string, FlattenedImage>>;
  features(x: tf.Tensor, how?: ForwardOptions): tf.Tensor;
  head(features: tf.Tensor): tf.Tensor;
  dispose(): void;
}

/** A model definition whose first weights may also come from a file. */
export interface ArchitectureDefinition<I, O> extends ModelDefinition<I, O> {
  /**
   * As `create`, but with first values from `source`, which is asked for every weight and buffer
   * before anything is allocated for it.
   */
  restore(options: O, source: ParameterSource): BuiltClassifier;
}

/**
 * Defines an architecture by a function that builds its layers. Input checks, normalisation,
 * naming, saving and disposal come with it.
 *
 * @example
 * ```ts
 * import { commonOptions, anyShape, dense } from '@advrob/models/layers';
 * const linear = defineArchitecture({
 *   name: 'linear', summary: 'One dense layer.',
 *   options: z.strictObject({ inputShape: anyShape(784), ...commonOptions(10) }),
 *   build(options, parameters) {
 *     const head = dense(parameters, 'fc', { inputs: 784, outputs: options.numClasses });
 *     return { features: (x) => x, head: (x) => head(x, {}) };
 *   },
 * });
 * const model = linear()(0);
 * ```
 */
export function defineArchitecture<I, O extends ArchitectureOptions>(
  definition: Omit<ModelDefinition<I, O>, 'create'> & { build(options: O, parameters: Parameters): Network },
): ModelFactory<I> {
  const { build, ...about } = definition;
  const restore = (options: O, source: ParameterSource) => assemble(about.name, options, source, build);
  const architecture: ArchitectureDefinition<I, O> = {
    ...about,
    restore,
    create(options, seed) {
      const random = createRandom({ seed });
      return restore(options, (name, shape, initializer) => initializer(random, `model/${name}`, shape));
    },
  };
  return defineModel(architecture);
}

function assemble<O extends ArchitectureOptions>(
  name: string,
  options: O,
  source: ParameterSource,
  build: (options: O, parameters: Parameters) => Network,
): BuiltClassifier {
  checkNormalization(`model '${name}'`, options.inputShape, options);
  const parameters = createParameters(source);
  try {
    const normalized = normalize(parameters, options);
    const network = build(options, parameters);
    const { inputShape, numClasses, bounds } = options;
    const features = (x: tf.Tensor, how: ForwardOptions = {}): tf.Tensor => {
      checkInput(name, inputShape, x);
      // The clone is for networks without hidden layers, whose features are their input: the result
      // must be the caller's alone.
      return tf.tidy(() => tf.clone(network.features(normalized(x, how), how)));
    };
    const head = (x: tf.Tensor): tf.Tensor => tf.tidy(() => network.head(x));
    return {
      inputShape,
      numClasses,
      bounds,
      weights: parameters.weights,
      ...(Object.keys(parameters.buffers).length > 0 ? { buffers: parameters.buffers } : {}),
      logits: (x, how) => tf.tidy(() => network.head(features(x, how))),
      features,
      head,
      dispose: () => parameters.dispose(),
      origin: { name, options },
      flattened: parameters.flattened,
    };
  } catch (error) {
    parameters.dispose();
    throw error;
  }
}
