import type { Classifier } from '@advrob/core';
import type { BuiltClassifier } from '../architecture.js';

/** The flattened images of a model, if an architecture of this kind made it. */
export function flattenedOf(model: Classifier): BuiltClassifier['flattened'] {
  return 'flattened' in model ? (model as BuiltClassifier).flattened : {};
}
