import type { Experiment, TrainingSettings } from '../config/schema.js';

/** The training of a model: its own settings laid over those that all models share; undefined for a model that is not trained. */
export function settingsOf(experiment: Experiment, id: string): TrainingSettings | undefined {
  const own = experiment.models.find((model) => model.id === id)?.train;
  if (own === undefined) return undefined;
  const shared = { ...experiment.training };
  if (own.steps !== undefined) delete shared.epochs;
  if (own.epochs !== undefined) delete shared.steps;
  return { ...shared, ...own };
}
