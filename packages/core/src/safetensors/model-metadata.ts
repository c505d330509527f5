import type { Classifier } from '../contract/index.js';

/** Entry of a file's metadata with the name of the architecture. */
export const architectureKey = 'advrob.architecture';
/** Entry with the options of the architecture, JSON. */
export const optionsKey = 'advrob.options';

/**
 * What a file of a model's weights says about the model, as metadata of the file: that the layout
 * is ours and, for a model that an architecture made, its name and options, so that the file can be
 * loaded without being told them. Options that JSON cannot hold, such as other models, are left out
 * together with the name.
 */
export function modelMetadata({ origin }: Pick<Classifier, 'origin'>): Record<string, string> {
  return {
    format: 'advrob',
    ...(origin &&
      isJson(origin.options) && { [architectureKey]: origin.name, [optionsKey]: JSON.stringify(origin.options) }),
  };
}

function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every((entry) => entry === undefined || isJson(entry));
}
