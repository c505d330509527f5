import { AdvrobError, didYouMean, type Classifier, type Dataset, type Registry } from '@advrob/core';
import { stat } from 'node:fs/promises';
import type { ModelReference } from '../config/schema.js';
import { findModelFile, loadAnyModel } from './load-model.js';
import type { ModelShelf } from './types.js';

/**
 * @param data - What the models are for: a layers model takes inputs within their bounds, and what
 *   comes from a file is checked for inputs of another form. Default: bounds [0, 1].
 */
export function createModelShelf(registry: Registry, data?: Dataset): ModelShelf {
  const own = new Map<string, Classifier>();
  const loaded = new Map<string, Promise<Classifier>>();
  const all: Classifier[] = [];

  const load = (reference: Exclude<ModelReference, string>): Promise<Classifier> => {
    const key = JSON.stringify(reference);
    const { weights, architecture, outputs, input, onnx } = reference;
    if (!loaded.has(key))
      loaded.set(
        key,
        loadAnyModel(weights, registry, {
          bounds: data?.bounds,
          data,
          outputs,
          input,
          onnx,
          architecture: architecture?.name,
          architectureOptions: architecture?.options,
        }).then((model) => {
          all.push(model);
          return model;
        }),
      );
    return loaded.get(key)!;
  };

  return {
    async find(reference) {
      if (typeof reference !== 'string') return load(reference);
      const known = own.get(reference);
      if (known) return known;
      const file = await findModelFile(reference);
      if (file && (await stat(file).catch(() => undefined))) return load({ weights: reference });
      const ids = [...own.keys()];
      const hint = didYouMean(reference, ids, '');
      throw new AdvrobError(
        'ADVROB_MODEL_MISSING',
        `no model '${reference}': expected ${ids.length > 0 ? `the id of a model (${ids.join(', ')}), ` : ''}a .safetensors file, or a folder with a model.json` +
          (hint ? `; ${hint}` : ''),
      );
    },
    add(id, model) {
      own.set(id, model);
      all.push(model);
    },
    keep(model) {
      all.push(model);
    },
    dispose() {
      for (const model of all.splice(0)) model.dispose?.();
    },
  };
}
