import type { RecordedModel } from '@advrob/evaluation';
import type { Evaluation } from '../config/schema.js';
import { robustRate } from './requirements.js';

/** The words that the config wants beside the numbers of a model, if it misses a bound. */
export function noteOf(model: RecordedModel, notes: Evaluation['notes']): string | undefined {
  const found = (notes ?? []).filter(({ models, attack, robustBelow }) => {
    const isMeant = models ? models.includes(model.name) : (model.training?.adversarialGradients ?? 0) > 0;
    const rate = robustRate(model, attack);
    return isMeant && rate !== undefined && rate < robustBelow;
  });
  return found.length === 0 ? undefined : found.map(({ text }) => text).join('; ');
}
