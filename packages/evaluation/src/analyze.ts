import {
  AdvrobError,
  issuesInLine,
  stopIfAborted,
  type Analysis,
  type AnalysisContext,
  type AnalysisSubject,
  type Classifier,
  type Dataset,
  type Json,
  type RunStorage,
  type Threat,
} from '@advrob/core';
import {
  describeValue,
  hashModel,
  identifyBackend,
  identifyData,
  identifyModel,
  identifyValue,
} from '@advrob/core/identity';
import { createRandom } from '@advrob/core/random';
import { resolveThreat } from '@advrob/core/threat';
import * as z from 'zod';
import { checkFit } from './evaluate/check-options.js';
import { fingerprintFormat, type Fingerprint } from './journal/fingerprint.js';
import { openMemo, type Memo } from './journal/memo.js';
import { findings, type AnalysisResult } from './record/analysis-result.js';
import { describeData, fileId } from './record/shared.js';

/** Name of the file that holds what an analysis has finished. */
export const analysisName = 'analysis.jsonl';

/** What {@link analyze} runs, and on what. */
export interface AnalyzeOptions<Role extends string = string> {
  /** Made by its factory, e.g. `logitComparison({ bins: 40 })`. */
  readonly analysis: Analysis<Role>;
  /** Name of the result, unique in its record. Default: the name of the analysis. */
  readonly id?: string | undefined;
  /** One for each role of the analysis. */
  readonly models: Readonly<Record<Role, Classifier>>;
  /** What to call them in the record. Default: their roles. */
  readonly names?: Readonly<Partial<Record<Role, string>>> | undefined;
  /** May be left out for an analysis that takes none. */
  readonly data?: Dataset | undefined;
  /** Of the data, for the record. */
  readonly split?: string | undefined;
  /** What attacks inside the analysis may do; may be left out for an analysis that runs none. */
  readonly threat?: Threat | undefined;
  /** Of the context's random numbers. Default 0. */
  readonly seed?: number | undefined;
  /**
   * Keeps finished parts in `analysis.jsonl`: a later session with the same settings goes on from
   * there. Default: nothing is kept.
   */
  readonly storage?: RunStorage | undefined;
  /** As for `evaluate`: what else the result depends on, such as versions of packages. */
  readonly config?: Json | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs one analysis and gives what a record holds of it: what it was run on, its findings, tables,
 * figures and galleries, and its other values. Plain JSON; models keep their weights.
 *
 * @throws AdvrobError what the analysis throws, with its name in front; `ADVROB_ANALYSIS` when a
 *   role has no model, or for a result that is no report; `ADVROB_SHAPE`, `ADVROB_BOUNDS` or
 *   `ADVROB_DATA_EMPTY` for a model that does not fit the data; `ADVROB_EVALUATION_MISMATCH` for a
 *   storage with other settings.
 * @example
 * ```ts
 * import { analyze, createRecord } from '@advrob/evaluation';
 * import { logitStatisticsAnalysis } from '@advrob/analysis-logits';
 * const analysis = logitStatisticsAnalysis();
 * const threat = { norm: 'linf', epsilon: 0.1 };
 * const result = await analyze({ analysis, models: { model }, data, threat });
 * createRecord({ ...parts, analyses: [result] });
 * ```
 */
export async function analyze<Role extends string>(options: AnalyzeOptions<Role>): Promise<AnalysisResult> {
  const { analysis, id = analysis.name, data, split, threat, seed = 0, signal } = options;
  checkAnalysis(options);
  stopIfAborted(signal);
  const described = (await describeValue(analysis.options ?? {})) as AnalysisResult['options'];
  const models = await modelsOf(options);
  const memo = await memoOf(options, models, seed);
  const found = await memo('result', () => inAnalysis(id, () => plainResult(options, memo)));
  const { findings: sentences, tables, figures, galleries } = shownOf(id, found);
  const { summary, paper } = analysis.definition ?? {};
  return {
    id,
    analysis: analysis.name,
    ...(summary !== undefined && { summary }),
    ...(paper !== undefined && { paper }),
    options: described,
    seed,
    models,
    ...(data && { data: describeData(data, split) }),
    ...(threat && { threat: { norm: threat.norm, epsilon: threat.epsilon } }),
    findings: sentences,
    tables,
    figures,
    galleries,
    values: valuesOf(found),
  };
}

/** The result as JSON has it, so that a resumed session cannot tell it from the first. */
async function plainResult<Role extends string>(options: AnalyzeOptions<Role>, memo: Memo): Promise<Json> {
  const result = await options.analysis.analyze(contextOf(options, memo));
  return JSON.parse(JSON.stringify(result)) as Json;
}

function shownOf(id: string, found: Json): z.infer<typeof findings> {
  const shown = findings.safeParse(found);
  if (shown.success) return shown.data;
  throw new AdvrobError(
    'ADVROB_ANALYSIS',
    `analysis '${id}' gave what a report cannot show: expected an object whose findings, tables, figures and galleries are those of @advrob/core/figure; ${issuesInLine(shown.error.issues, found)}`,
  );
}

function valuesOf(found: Json): AnalysisResult['values'] {
  const shown = Object.keys(findings.shape);
  return Object.fromEntries(
    Object.entries(found as Record<string, Json>).filter(([key]) => !shown.includes(key)),
  ) as AnalysisResult['values'];
}

async function modelsOf<Role extends string>({
  analysis,
  models,
  names,
}: AnalyzeOptions<Role>): Promise<AnalysisResult['models']> {
  const described: AnalysisResult['models'] = {};
  for (const role of analysis.roles)
    described[role] = { name: names?.[role] ?? role, modelHash: (await hashModel(models[role])) ?? null };
  return described;
}

/** Models that a later session could not tell from others leave nothing to go on from. */
async function memoOf<Role extends string>(
  { analysis, models, data, threat, storage, config }: AnalyzeOptions<Role>,
  described: AnalysisResult['models'],
  seed: number,
): Promise<Memo> {
  const isKnown = Object.values(described).every(({ modelHash }) => modelHash !== null);
  if (storage === undefined || !isKnown) return openMemo(undefined, analysisName, {});
  const roles: Record<string, Json> = {};
  for (const role of analysis.roles)
    roles[role] = { name: described[role]!.name, ...(await identifyModel(models[role])) };
  const fingerprint: Fingerprint = {
    format: fingerprintFormat,
    backend: identifyBackend(),
    analysis: analysis.name,
    seed,
    options: await identifyValue(analysis.options ?? {}),
    models: roles,
    data: data ? identifyData(data) : null,
    threat: threat ? { norm: threat.norm, epsilon: threat.epsilon } : null,
    ...(config !== undefined && { config }),
  };
  return openMemo(storage, analysisName, fingerprint);
}

/**
 * What can be said before any work: whether every role has a model, whether the models fit the
 * data, and what the analysis itself says of them.
 *
 * @throws AdvrobError `ADVROB_ANALYSIS`, `ADVROB_SHAPE`, `ADVROB_BOUNDS`, `ADVROB_DATA_EMPTY`, and
 *   what the analysis throws.
 */
export function checkAnalysis<Role extends string>(options: AnalyzeOptions<Role>): void {
  const { analysis, id = analysis.name, models, names, data } = options;
  const parsed = fileId.safeParse(id);
  if (!parsed.success)
    throw new AdvrobError(
      'ADVROB_ANALYSIS',
      `analysis ${JSON.stringify(id)}: its id becomes part of file names: expected ${parsed.error.issues[0]!.message}`,
    );
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
  addName(`analysis '${id}'`, () => analysis.check?.(subjectOf(options)));
}

/**
 * Runs `body`; an error of ours gets the name of the analysis in front, unless it says it already.
 */
async function inAnalysis<T>(id: string, body: () => Promise<T>): Promise<T> {
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

/**
 * What an analysis looks at. Data and threat that were not given are missed when it asks for them:
 * some need none.
 */
function subjectOf<Role extends string>({ models, data, threat }: AnalyzeOptions<Role>): AnalysisSubject<Role> {
  const missing = (what: string, how: string): never => {
    throw new AdvrobError('ADVROB_ANALYSIS', `it needs ${what}, and none was given: ${how}`);
  };
  const bounds = Object.values<Classifier>(models)[0]?.bounds ?? data?.bounds;
  return {
    models,
    get data() {
      return data ?? missing('data', 'give a data set');
    },
    get threat() {
      if (threat === undefined || bounds === undefined)
        return missing('a threat on models or data', "give { norm: 'linf', epsilon: 0.1 }, and what it is for");
      return resolveThreat(threat, bounds);
    },
  };
}

function contextOf<Role extends string>(options: AnalyzeOptions<Role>, memo: Memo): AnalysisContext<Role> {
  const { analysis, seed = 0, signal } = options;
  // The getters of the subject stay ones.
  return Object.assign(subjectOf(options), {
    rng: createRandom({ seed }),
    memo: <T extends Json>(key: string, compute: () => Promise<T>) => memo(`part ${key} of ${analysis.name}`, compute),
    signal,
  });
}
