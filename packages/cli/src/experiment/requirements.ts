import type { RecordedModel, RunRecord } from '@advrob/evaluation';
import type { Evaluation } from '../config/schema.js';
import { percent } from '../output/progress.js';

/**
 * What a record lacks of the bounds that the config demands, one sentence each. Clean and robust
 * accuracy are of the same examples, so a classifier that always says the same fails by its clean
 * accuracy.
 */
export function unmetRequirements(record: RunRecord, required: Evaluation['require']): string[] {
  return Object.entries(required ?? {}).flatMap(([id, bounds]) => {
    const model = record.models.find(({ name }) => name === id);
    if (model === undefined) return [`there is no model '${id}'`];
    const robust = robustRate(model, bounds.attack);
    if (robust === undefined) return [`model '${id}' was not judged under '${bounds.attack}'`];
    const against = bounds.attack ?? 'all attacks';
    return [
      bounds.cleanAtLeast !== undefined && !(model.clean.rate >= bounds.cleanAtLeast)
        ? `${id}: clean accuracy ${percent(model.clean.rate, 1)}, at least ${percent(bounds.cleanAtLeast, 1)} required`
        : undefined,
      bounds.robustAtLeast !== undefined && !(robust >= bounds.robustAtLeast)
        ? `${id}: robust accuracy ${percent(robust, 1)} against ${against}, at least ${percent(bounds.robustAtLeast, 1)} required`
        : undefined,
      bounds.robustBelow !== undefined && !(robust < bounds.robustBelow)
        ? `${id}: robust accuracy ${percent(robust, 1)} against ${against}, below ${percent(bounds.robustBelow, 1)} required`
        : undefined,
    ].filter((problem) => problem !== undefined);
  });
}

/**
 * Robust accuracy under an attack at its largest finite epsilon, or under all; undefined when it
 * was not judged under that attack.
 */
function robustRate(model: RecordedModel, label: string | undefined): number | undefined {
  if (label === undefined) return model.robust.rate;
  return model.attacks.find((attack) => attack.label === label)?.points.at(-1)?.robust.rate;
}

/** The words that the config wants beside the numbers of a model, if it misses a bound. */
export function noteOf(model: RecordedModel, notes: Evaluation['notes']): string | undefined {
  const found = (notes ?? []).filter(({ models, attack, robustBelow }) => {
    const isMeant = models ? models.includes(model.name) : (model.training?.adversarialGradients ?? 0) > 0;
    const rate = robustRate(model, attack);
    return isMeant && rate !== undefined && rate < robustBelow;
  });
  return found.length === 0 ? undefined : found.map(({ text }) => text).join('; ');
}
