import type { Extras, Json } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FitOptions } from '../fit/options.js';
import type { Settings } from '../fit/settings.js';
import { plainJson } from './plain-json.js';

/** Everything that decides how a run goes on and that `fit` can see: two runs with equal descriptions and equal states end with equal weights. */
export function describeRun<P extends Extras, E extends Extras>(options: FitOptions<P, E>, settings: Settings): Json {
  const { model, data, validation, attack } = options;
  const { saveEvery: _, keep: __, threat, ...numbers } = settings;
  return plainJson({
    ...numbers,
    threat: threat && { norm: threat.norm, epsilon: threat.epsilon },
    data: { hash: data.hash, length: data.length },
    objective: options.objective.origin,
    optimizer: options.optimizer?.origin,
    transforms: (options.transforms ?? []).map(({ origin }) => origin ?? null),
    averager: options.averager?.origin,
    augmentations: options.augmentations?.map(({ origin }) => origin ?? null),
    attack: attack && { name: attack.name, options: attack.options },
    validation: validation && {
      data: { hash: validation.data.hash, length: validation.data.length },
      batchSize: validation.batchSize,
      attack: validation.attack && { name: validation.attack.name, options: validation.attack.options },
    },
    weights: Object.fromEntries(Object.entries(model.weights).map(([name, { shape }]) => [name, shape])),
    backend: tf.getBackend(),
    config: options.config,
  });
}
