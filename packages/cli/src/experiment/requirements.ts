import type { RecordedModel, RunRecord } from '@advrob/evaluation';
import type { Evaluation } from '../config/schema.js';
import { percent } from '../output/progress.js';

/** A bound that the config demands of a model. */
export interface Requirement {
  readonly model: string;
  /** `robust accuracy against pgd at least 60.0%`. */
  readonly bound: string;
  /** A sentence where it is not met. */
  readonly problem?: string;
}

/**
 * The bounds that the config demands, and what a record lacks of them. Clean and robust accuracy
 * are of the same examples, so a classifier that always says the same fails by its clean accuracy.
 */
export function requirementsOf(record: RunRecord, required: Evaluation['require']): Requirement[] {
  return Object.entries(required ?? {}).flatMap(([id, bounds]): Requirement[] => {
    const model = record.models.find(({ name }) => name === id);
    if (model === undefined) return [{ model: id, bound: 'is there', problem: `there is no model '${id}'` }];
    const robust = robustRate(model, bounds.attack);
    const against = bounds.attack ?? 'all attacks';
    if (robust === undefined)
      return [
        { model: id, bound: `judged under ${against}`, problem: `model '${id}' was not judged under '${against}'` },
      ];
    const bounded = (what: string, rate: number, words: string, bound: number | undefined, holds: boolean) => {
      if (bound === undefined) return [];
      const limit = `${words} ${percent(bound, 1)}`;
      const [name, of] = what.split('|') as [string, string?];
      const problem = `${id}: ${name} ${percent(rate, 1)}${of ?? ''}, ${limit} required`;
      return [{ model: id, bound: `${name}${of ?? ''} ${limit}`, ...(!holds && { problem }) }];
    };
    const { cleanAtLeast, robustAtLeast, robustBelow } = bounds;
    const underAttack = `robust accuracy| against ${against}`;
    return [
      ...bounded('clean accuracy', model.clean.rate, 'at least', cleanAtLeast, model.clean.rate >= (cleanAtLeast ?? 0)),
      ...bounded(underAttack, robust, 'at least', robustAtLeast, robust >= (robustAtLeast ?? 0)),
      ...bounded(underAttack, robust, 'below', robustBelow, robust < (robustBelow ?? 1)),
    ];
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
