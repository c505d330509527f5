import { AdvrobError, type AnyFactory, type Classifier, type Registry } from '@advrob/core';
import { loadModelFile } from '@advrob/models/node';
import { findModelFile } from './model-path.js';

export interface LoadOptions {
  /** Architecture of a weight file that does not say it. */
  readonly architecture?: string;
  readonly architectureOptions?: Readonly<Record<string, unknown>>;
  /** What a layers model takes. Default [0, 1]. */
  readonly bounds?: readonly [number, number];
  /** Set when a layers model ends in probabilities that its layers do not show. */
  readonly outputs?: 'logits' | 'probabilities';
}

/**
 * A model that anyone saved: a safetensors file of a known architecture, a folder with a tfjs `model.json`, or the folder of a training.
 *
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, and what the readers throw.
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
  const loading = loadModelFile(file, {
    architectures,
    ...(options.architecture !== undefined && { architecture: options.architecture }),
    ...(options.architectureOptions && { options: options.architectureOptions }),
    layers: { bounds: options.bounds ?? [0, 1], ...(options.outputs && { outputs: options.outputs }) },
  });
  return loading.catch((error: unknown) => {
    if (!(error instanceof AdvrobError) || error.code !== 'ADVROB_PROBABILITIES') throw error;
    const message = error.message.replace(` [${error.code}]`, '');
    throw new AdvrobError(error.code, `${message} (on the command line: --outputs probabilities)`, { cause: error });
  });
}
