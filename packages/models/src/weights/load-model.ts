import { AdvrobError, didYouMean, parseOptions, type AnyFactory, type Classifier } from '@advrob/core';
import { architectureKey, optionsKey } from '@advrob/core/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import type { ArchitectureDefinition, ArchitectureOptions } from '../architecture.js';
import type { Normalization } from '../layers/normalize.js';
import plugin from '../plugin.js';
import { flattenedOf } from './pytorch-layout.js';
import { openWeightFile, type WeightFile, type WeightLayout } from './weight-file.js';

export interface LoadModelOptions {
  /** Name of the architecture, for a file that does not say it (or to overrule it). */
  readonly architecture?: string | undefined;
  /**
   * Options of the architecture. Default: those in the file if it names the same architecture, else
   * the architecture's defaults.
   */
  readonly options?: unknown;
  /** Mean and deviation in front of the network, in place of those among the options. */
  readonly normalization?: Normalization | undefined;
  /** Architectures to choose from, by name. Default: those of this package. */
  readonly architectures?: Readonly<Record<string, AnyFactory>> | undefined;
  /** Layout of the file, default `auto`. */
  readonly layout?: WeightLayout | undefined;
  /** What messages call the file. */
  readonly name?: string | undefined;
}

/**
 * A model out of a safetensors file. Nothing is allocated for a weight before the file was found to
 * hold it in the right shape.
 *
 * @throws AdvrobError `ADVROB_ARCHITECTURE` when neither the file nor you name a known
 *   architecture, `ADVROB_OPTION`, and all of `loadWeights`.
 * @example
 * ```ts
 * const model = loadModel(bytes);
 * const options = { mean: [0.4914, 0.4822, 0.4465], std: 0.25 };
 * const other = loadModel(moreBytes, { architecture: 'resnet18', layout: 'pytorch', options });
 * ```
 */
export function loadModel(bytes: Uint8Array, options: LoadModelOptions = {}): Classifier {
  const { layout = 'auto', name: file = 'model file', architectures = plugin.models } = options;
  const weights = openWeightFile(bytes, layout, file);
  const saved = weights.metadata.get(architectureKey);
  const factory = findArchitecture(architectures, options.architecture ?? saved, file);
  const { definition } = factory;
  const found = options.options ?? (saved === definition.name ? savedOptions(weights, file) : undefined);
  const laid =
    options.normalization === undefined ? found : { ...(found as object | undefined), ...options.normalization };
  const parsed = parseOptions(definition.options, laid, `${file}: model '${definition.name}'`);
  if ('restore' in definition)
    return restore(
      definition as ArchitectureDefinition<unknown, ArchitectureOptions>,
      parsed as ArchitectureOptions,
      weights,
    );
  const model = (factory as unknown as (options: unknown) => (seed: number) => Classifier)(laid)(0);
  try {
    loadWeights(model, bytes, { layout, name: file });
    return model;
  } catch (error) {
    model.dispose?.();
    throw error;
  }
}

function restore(
  definition: ArchitectureDefinition<unknown, ArchitectureOptions>,
  options: ArchitectureOptions,
  weights: WeightFile,
): Classifier {
  const taken: string[] = [];
  const model = definition.restore(options, (name, shape, _initializer, image) => {
    taken.push(name);
    return tf.tensor(weights.take(name, shape, image), [...shape], 'float32');
  });
  try {
    weights.checkAllIn(taken);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function findArchitecture(
  architectures: Readonly<Record<string, AnyFactory>>,
  name: string | undefined,
  file: string,
): AnyFactory {
  const known = Object.keys(architectures);
  if (name === undefined)
    throw new AdvrobError(
      'ADVROB_ARCHITECTURE',
      `${file} does not name its architecture: name one of ${known.join(', ')}`,
    );
  const factory = Object.hasOwn(architectures, name) ? architectures[name] : undefined;
  if (factory !== undefined) return factory;
  const hint = didYouMean(name, known, '');
  throw new AdvrobError(
    'ADVROB_ARCHITECTURE',
    `${file}: expected an architecture among ${known.join(', ')}, got '${name}'${hint && `: ${hint}`}`,
  );
}

function savedOptions(weights: WeightFile, file: string): unknown {
  try {
    return JSON.parse(weights.metadata.get(optionsKey) ?? '{}');
  } catch (cause) {
    throw new AdvrobError(
      'ADVROB_TENSOR_FILE',
      `${file}: its metadata entry ${optionsKey} is not JSON: pass the architecture's options yourself`,
      { cause },
    );
  }
}

/**
 * Puts the weights and buffers of a safetensors file into a model, by name. All or nothing: when
 * one does not fit, none is changed.
 *
 * @param options `layout`: of the file, default `auto`; `name`: what messages call the file.
 * @throws AdvrobError `ADVROB_TENSOR_FILE` for a malformed file, `ADVROB_WEIGHTS_MISMATCH` for
 *   missing, surplus or misshapen weights, `ADVROB_WEIGHTS_NOT_FINITE` for NaN or infinity.
 * @example
 * ```ts
 * const model = smallCnn()(0);
 * loadWeights(model, new Uint8Array(await (await fetch('mnist.safetensors')).arrayBuffer()));
 * ```
 */
export function loadWeights(
  model: Classifier,
  bytes: Uint8Array,
  {
    layout = 'auto',
    name: file = 'weights file',
  }: { layout?: WeightLayout | undefined; name?: string | undefined } = {},
): void {
  const weights = openWeightFile(bytes, layout, file);
  const flattened = flattenedOf(model);
  const targets = Object.entries({ ...model.weights, ...model.buffers });
  const values = targets.map(([name, { shape }]) => weights.take(name, shape, flattened[name]));
  weights.checkAllIn(targets.map(([name]) => name));
  targets.forEach(([, variable], i) => {
    const value = tf.tensor(values[i]!, variable.shape, variable.dtype);
    variable.assign(value);
    value.dispose();
  });
}
