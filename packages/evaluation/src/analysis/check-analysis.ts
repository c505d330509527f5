import { AdvrobError, type Classifier } from '@advrob/core';
import { checkFit } from '../run/check-options.js';
import type { AnalyzeOptions } from './analyze.js';

/**
 * What can be said before any work: whether every role has a model, and whether the models fit the data.
 *
 * @throws AdvrobError `ADVROB_ANALYSIS`, `ADVROB_SHAPE`, `ADVROB_BOUNDS` or `ADVROB_DATA_EMPTY`.
 */
export function checkAnalysis<Role extends string>(options: AnalyzeOptions<Role>): void {
  const { analysis, id = analysis.name, models, names, data } = options;
  const given: Readonly<Partial<Record<string, Classifier>>> = models;
  const missing = analysis.roles.filter((role) => given[role] === undefined);
  const further = Object.keys(models).filter((role) => !(analysis.roles as readonly string[]).includes(role));
  if (missing.length > 0 || further.length > 0)
    throw new AdvrobError(
      'ADVROB_ANALYSIS',
      `analysis '${id}' takes ${analysis.roles.length === 0 ? 'no models' : `models in the roles ${analysis.roles.join(', ')}`}; ` +
        [
          ...(missing.length > 0 ? [`there is none for ${missing.join(', ')}`] : []),
          ...(further.length > 0 ? [`there is no role ${further.join(', ')}`] : []),
        ].join(', and '),
    );
  if (data)
    for (const role of analysis.roles)
      addName(`analysis '${id}', model '${names?.[role] ?? role}'`, () => checkFit(models[role], data));
}

/** Runs `body`; an error of ours gets the name of the analysis in front, unless it says it already. */
export async function inAnalysis<T>(id: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw named(`analysis '${id}'`, error);
  }
}

function addName(who: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    throw named(who, error);
  }
}

function named(who: string, error: unknown): unknown {
  if (!(error instanceof AdvrobError) || error.code === 'ADVROB_ABORTED') return error;
  const message = error.message.replace(` [${error.code}]`, '');
  return message.startsWith(who) ? error : new AdvrobError(error.code, `${who}: ${message}`, { cause: error });
}
