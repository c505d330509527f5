import { AdvrobError, type AnyFactory, type Classifier, type Registry } from '@advrob/core';
import { fromLayersModel, loadModel } from '@advrob/models';
import { loadLayersModelFolder } from '@advrob/models/node';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere } from '../storage/file-storage.js';

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
 * A model that anyone saved: a safetensors file of a known architecture, or a folder with a tfjs `model.json`.
 *
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, and what the readers throw.
 */
export async function loadAnyModel(path: string, registry: Registry, options: LoadOptions = {}): Promise<Classifier> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    throw new AdvrobError(
      'ADVROB_MODEL_MISSING',
      `no model at ${path}: expected a .safetensors file, or a folder with a model.json`,
    );
  if (found.isDirectory() || path.endsWith('model.json')) {
    const layers = await loadLayersModelFolder(found.isDirectory() ? path : join(path, '..'));
    return fromLayersModel(layers, {
      bounds: options.bounds ?? [0, 1],
      ...(options.outputs && { outputs: options.outputs }),
    });
  }
  const bytes = await readIfThere(path);
  const architectures = Object.fromEntries(
    registry.list('models').map(({ name }) => [name, registry.find('models', name)]),
  ) as Record<string, AnyFactory>;
  return loadModel(bytes!, {
    name: path,
    architectures,
    ...(options.architecture !== undefined && { architecture: options.architecture }),
    ...(options.architectureOptions && { options: options.architectureOptions }),
  });
}
