import { AdvrobError, didYouMean, type Analysis, type Classifier, type Registry } from '@advrob/core';
import type { AnalysedModel, AnalysisSettings, Experiment } from '../config/schema.js';
import { modelName } from './load-model.js';
import { makePart } from './parts.js';
import type { ModelShelf } from './types.js';

/** Who plays which role in one run of an analysis. */
export interface Cast {
  /** Of the result. */
  readonly id: string;
  readonly roles: Readonly<Record<string, { readonly name: string; readonly reference: AnalysedModel }>>;
}

/**
 * The casts that a config asks of an analysis: one, or for an analysis of one role one for each
 * model of a list.
 *
 * @param id - Of the result; with several casts the name of the model is added.
 * @throws AdvrobError `ADVROB_CONFIG` when the config does not say who plays a role, or names a
 *   role that is not there.
 */
export function castsOf(
  { roles }: Analysis,
  id: string,
  given: AnalysisSettings['models'],
  { models }: Pick<Experiment, 'models'>,
): Cast[] {
  const ids = models.map((model) => model.id);
  if (roles.length === 0) {
    if (given === undefined) return [{ id, roles: {} }];
    throw new AdvrobError('ADVROB_CONFIG', `analysis '${id}' takes no models: leave \`models\` out`);
  }
  const list = given === undefined && roles.length === 1 ? ids : listOf(given);
  if (list === undefined) return [{ id, roles: allRoles(id, roles, given as ByRole | undefined, ids) }];
  if (roles.length > 1)
    throw new AdvrobError(
      'ADVROB_CONFIG',
      `analysis '${id}' has the roles ${roles.join(', ')}: say which model plays which`,
    );
  if (list.length === 0)
    throw new AdvrobError('ADVROB_CONFIG', `analysis '${id}' looks at a model, and there is none: give \`models\``);
  return list.map((reference) => {
    const name = analysedName(reference);
    return { id: list.length > 1 ? `${id}-${name}` : id, roles: { [roles[0]!]: { name, reference } } };
  });
}

type ByRole = Readonly<Record<string, AnalysedModel>>;

/** Models that are given without a role. */
function listOf(given: AnalysisSettings['models']): readonly AnalysedModel[] | undefined {
  if (given === undefined) return undefined;
  if (Array.isArray(given)) return given as AnalysedModel[];
  return isReference(given) ? [given] : undefined;
}

function isReference(given: object | string): given is AnalysedModel {
  if (typeof given === 'string') return true;
  // `{ weights: 'x' }` could be a role called weights; it is read as a model.
  return 'weights' in given || ('architecture' in given && !('model' in given));
}

function allRoles(id: string, roles: readonly string[], given: ByRole = {}, ids: readonly string[]): Cast['roles'] {
  const unknown = Object.keys(given).find((role) => !roles.includes(role));
  if (unknown !== undefined)
    throw new AdvrobError(
      'ADVROB_CONFIG',
      `analysis '${id}' has no role '${unknown}': ${didYouMean(unknown, roles, `it has ${roles.join(', ')}`)}`,
    );
  const open = roles.filter((role) => given[role] === undefined && !ids.includes(role));
  if (open.length > 0)
    throw new AdvrobError(
      'ADVROB_CONFIG',
      `analysis '${id}' needs models in the roles ${roles.join(', ')}: nobody plays ${open.join(', ')}; give \`models: { ${open[0]}: <the id of a model, or a file> }\``,
    );
  return Object.fromEntries(
    roles.map((role) => {
      const reference = given[role] ?? role;
      return [role, { name: analysedName(reference), reference }];
    }),
  );
}

/** What to call a model that an analysis looks at: its id, its file, or its architecture. */
function analysedName(reference: AnalysedModel): string {
  if (typeof reference === 'string') return reference.includes('/') ? modelName(reference) : reference;
  return 'weights' in reference ? modelName(reference.weights) : `fresh-${reference.architecture.name}`;
}

/**
 * The model that an analysis looks at: of the shelf, or one that was never trained.
 *
 * @throws AdvrobError as {@link ModelShelf.find}, and for an unknown architecture or its options.
 */
export async function analysedModel(
  reference: AnalysedModel,
  registry: Registry,
  shelf: ModelShelf,
): Promise<Classifier> {
  if (typeof reference === 'string' || 'weights' in reference) return shelf.find(reference);
  const model = makePart(registry, 'models', reference.architecture)(reference.seed);
  shelf.keep(model);
  return model;
}
