import { infinite } from './part-schema.js';
import type { Experiment } from './schema.js';

/** A config as JSON, as it could be read again. */
export function savedConfig(experiment: Experiment): unknown {
  return JSON.parse(JSON.stringify(experiment, (_, value: unknown) => (value === Infinity ? infinite : value)));
}
