import type { Classifier, Registry } from '@advrob/core';
import type { AnalysedModel } from '../config/schema.js';
import { modelName } from './model-path.js';
import type { ModelShelf } from './model-shelf.js';
import { makePart } from './parts.js';

/** What to call a model that an analysis looks at: its id, its file, or its architecture. */
export function analysedName(reference: AnalysedModel): string {
  if (typeof reference === 'string') return reference.includes('/') ? modelName(reference) : reference;
  return 'weights' in reference ? modelName(reference.weights) : `fresh-${reference.architecture.name}`;
}

/**
 * The model that an analysis looks at: of the shelf, or one that was never trained.
 *
 * @throws AdvrobError as {@link ModelShelf.find}, and for an unknown architecture or its options.
 */
export async function analysedModel(
  reference: AnalysedModel,
  registry: Registry,
  shelf: ModelShelf,
): Promise<Classifier> {
  if (typeof reference === 'string' || 'weights' in reference) return shelf.find(reference);
  const model = makePart(registry, 'models', reference.architecture)(reference.seed);
  shelf.keep(model);
  return model;
}
