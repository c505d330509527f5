import type { RunRecord } from '@advrob/evaluation';
import type { Experiment } from '../config/schema.js';

/**
 * What a record lacks of the bounds that the config demands, one sentence each. Clean and robust accuracy are of the same examples, so a classifier that
 * always says the same fails by its clean accuracy.
 */
export function unmetRequirements(record: RunRecord, required: Experiment['evaluation']['require']): string[] {
  return Object.entries(required ?? {}).flatMap(([id, bounds]) => {
    const model = record.models.find(({ name }) => name === id);
    if (model === undefined) return [`there is no model '${id}'`];
    const attack = bounds.attack === undefined ? undefined : model.attacks.find(({ label }) => label === bounds.attack);
    if (bounds.attack !== undefined && attack === undefined)
      return [`model '${id}' was not attacked by '${bounds.attack}'`];
    const robust = attack ? attack.points.at(-1)!.robust.rate : model.robust.rate;
    const against = bounds.attack ?? 'all attacks';
    return [
      bounds.cleanAtLeast !== undefined && !(model.clean.rate >= bounds.cleanAtLeast)
        ? `${id}: clean accuracy ${percent(model.clean.rate)}, at least ${percent(bounds.cleanAtLeast)} required`
        : undefined,
      bounds.robustAtLeast !== undefined && !(robust >= bounds.robustAtLeast)
        ? `${id}: robust accuracy ${percent(robust)} against ${against}, at least ${percent(bounds.robustAtLeast)} required`
        : undefined,
      bounds.robustBelow !== undefined && !(robust < bounds.robustBelow)
        ? `${id}: robust accuracy ${percent(robust)} against ${against}, below ${percent(bounds.robustBelow)} required`
        : undefined,
    ].filter((problem) => problem !== undefined);
  });
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)}%`;
}
