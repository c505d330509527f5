import { AdvrobError, type AnyFactory, type Classifier, type Dataset, type Registry } from '@advrob/core';
import { loadModelFile } from '@advrob/models/node';
import { checkInputForm, normalizationOf, type ModelInput } from './model-input.js';
import { findModelFile, modelName } from './model-path.js';

export interface LoadOptions {
  /** Architecture of a weight file that does not say it. */
  readonly architecture?: string;
  readonly architectureOptions?: Readonly<Record<string, unknown>>;
  /** What a layers model takes. Default [0, 1]. */
  readonly bounds?: readonly [number, number];
  /** Set when a layers model ends in probabilities that its layers do not show. */
  readonly outputs?: 'logits' | 'probabilities' | undefined;
  /** What the network expects in place of inputs within the bounds. */
  readonly input?: ModelInput | undefined;
  /** Examples on which the form of the inputs is checked when nothing is said about it. */
  readonly data?: Dataset | undefined;
}

/**
 * A model that anyone saved: a safetensors file of a known architecture, a folder with a tfjs `model.json`, or the folder of a training.
 *
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_INPUT_RANGE` when it expects inputs of another form, and what the readers throw.
 */
export async function loadAnyModel(path: string, registry: Registry, options: LoadOptions = {}): Promise<Classifier> {
  const file = await findModelFile(path);
  if (file === undefined)
    throw new AdvrobError(
      'ADVROB_MODEL_MISSING',
      `no model at ${path}: expected a .safetensors file, a folder with a model.json, or the folder of a training`,
    );
  const architectures = Object.fromEntries(
    registry.list('models').map(({ name }): [string, AnyFactory] => [name, registry.find('models', name)]),
  );
  const bounds = options.bounds ?? [0, 1];
  const normalization = normalizationOf(options.input ?? {}, bounds);
  const model = await loadModelFile(file, {
    architectures,
    ...(options.architecture !== undefined && { architecture: options.architecture }),
    ...(options.architectureOptions && { options: options.architectureOptions }),
    ...(normalization && { normalization }),
    layers: { bounds, ...(options.outputs && { outputs: options.outputs }) },
  }).catch((error: unknown) => {
    if (!(error instanceof AdvrobError) || error.code !== 'ADVROB_PROBABILITIES') throw error;
    const message = error.message.replace(` [${error.code}]`, '');
    throw new AdvrobError(error.code, `${message} (on the command line: --outputs probabilities)`, { cause: error });
  });
  const { architectureOptions = {} } = options;
  const isTold = normalization !== undefined || 'mean' in architectureOptions || 'std' in architectureOptions;
  // A file that names its architecture was written here, with its mean and deviation.
  const isOwn = 'origin' in model && options.architecture === undefined;
  if (options.data === undefined || isTold || isOwn) return model;
  try {
    await checkInputForm(modelName(path), model, options.data);
    return model;
  } catch (error) {
    model.dispose?.();
    throw error;
  }
}
