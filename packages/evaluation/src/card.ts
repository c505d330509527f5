import { AdvrobError, issuesInLine, type Norm } from '@advrob/core';
import * as z from 'zod';
import { measuredData, type RecordedModel, type RunRecord } from './record/record.js';
import { norm, readJson } from './record/shared.js';
import { proportion } from './statistics/proportion.js';

/** Name of the file that holds a card. */
export const cardName = 'card.json';

/**
 * One row of a leaderboard: what was claimed, about which model, how it was measured, and what
 * speaks against it.
 */
export const resultCard = z.strictObject({
  format: z.literal('advrob-card'),
  version: z.literal(1),
  model: z.strictObject({
    name: z.string().min(1),
    description: z.string().optional(),
    /** SHA-256 of weights and buffers; null for a model without any. */
    hash: z.string().nullable(),
    architecture: z.string().optional(),
    parameters: z.int().min(0).optional(),
    /** E.g. `pgd-at`. */
    training: z.string().optional(),
    trainingSteps: z.int().min(0).optional(),
  }),
  data: z.strictObject({
    name: z.string(),
    split: z.string().optional(),
    hash: z.string(),
    examples: z.int().min(1),
    classes: z.int().min(1),
  }),
  threat: z.strictObject({ norm, epsilon: z.number().min(0), bounds: z.tuple([z.number(), z.number()]) }),
  clean: proportion,
  /** Worst case over the attacks below, per example. */
  robust: proportion,
  attacks: z
    .array(
      z.strictObject({
        label: z.string(),
        attack: z.string(),
        options: z.json(),
        restarts: z.int().min(1),
        loss: z.string(),
        /** Why its number tells less than its name promises. */
        caveat: z.string().optional(),
        /** What withstood this attack; with `attackOn: survivors` also all before it. */
        robust: proportion,
        /** Forward passes per attacked example. */
        meanQueries: z.number().min(0),
      }),
    )
    .min(1),
  attackOn: z.enum(['all', 'survivors']),
  /**
   * Median distance to an adversarial example over rightly classified examples, of the attack that
   * found the smallest; null where none did.
   */
  medianDistance: z.number().min(0).nullable(),
  /** Checks for false robustness; null when none were made. */
  checks: z
    .strictObject({
      made: z.int().min(0),
      causes: z.array(z.string()),
      symptoms: z.array(z.string()),
      untested: z.array(z.string()),
    })
    .nullable(),
  seed: z.int().min(0),
  backend: z.string(),
  versions: z.record(z.string(), z.string()),
  /** The command that gives this result; null when it came about in code. */
  command: z.string().nullable(),
});
export type ResultCard = z.infer<typeof resultCard>;

/** The JSON Schema of a card. */
export function cardJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(resultCard, { target: 'draft-2020-12' });
}

export interface CardOptions {
  /** Name of the model. Default: the only one of the record. */
  readonly model?: string | undefined;
  /** Default: that of the first worst case. */
  readonly norm?: Norm | undefined;
  /** Default: the largest in that norm. */
  readonly epsilon?: number | undefined;
}

/**
 * The card of one model of a record at one threat: everything that a row of a leaderboard needs, in
 * JSON.
 *
 * @throws AdvrobError `ADVROB_RECORD` when the record does not hold that model or threat.
 * @example
 * ```ts
 * import { createCard } from '@advrob/evaluation';
 * const card = createCard(record, { model: 'pgd-at', norm: 'linf', epsilon: 0.3 });
 * ```
 */
export function createCard(record: RunRecord, options: CardOptions = {}): ResultCard {
  const model = modelOf(record, options.model);
  const data = measuredData(record);
  const { norm, epsilon, robust } = threatOf(model, options);
  const attacks = model.attacks.filter((attack) => attack.norm === norm);
  const card: ResultCard = {
    format: 'advrob-card',
    version: 1,
    model: aboutModel(model),
    data: {
      name: data.name,
      ...(data.split !== undefined && { split: data.split }),
      hash: data.hash,
      examples: model.clean.total,
      classes: data.numClasses,
    },
    threat: { norm, epsilon, bounds: data.bounds },
    clean: model.clean,
    robust,
    attacks: attacks.flatMap(({ label, attack, options: settings, restarts, loss, caveat, points }) =>
      points
        .filter((point) => point.epsilon === epsilon)
        .map((point) => ({
          label,
          attack,
          options: settings,
          restarts,
          loss,
          ...(caveat !== undefined && { caveat }),
          robust: point.robust,
          meanQueries: point.meanQueries,
        })),
    ),
    attackOn: model.attackOn,
    medianDistance: smallest(attacks.flatMap(({ minimal }) => minimal?.median ?? [])),
    checks: checksOf(record, model.name),
    seed: model.seed,
    backend: record.environment.backend,
    versions: record.environment.versions,
    command: record.command,
  };
  return checkCard(card);
}

/** JSON of a card, indented; equal cards give equal bytes. */
export function serializeCard(card: ResultCard): string {
  return `${JSON.stringify(card, undefined, 2)}\n`;
}

/** @throws AdvrobError `ADVROB_RECORD` when it is not JSON or not a card. */
export function parseCard(text: string): ResultCard {
  return checkCard(readJson('card', text));
}

function checkCard(value: unknown): ResultCard {
  const parsed = resultCard.safeParse(value);
  if (!parsed.success)
    throw new AdvrobError('ADVROB_RECORD', `not a card: ${issuesInLine(parsed.error.issues, value)}`);
  return parsed.data;
}

function modelOf({ models }: RunRecord, name: string | undefined): RecordedModel {
  const found = name === undefined && models.length === 1 ? models[0] : models.find((model) => model.name === name);
  if (found) return found;
  const known = models.map((model) => `'${model.name}'`).join(', ');
  throw new AdvrobError(
    'ADVROB_RECORD',
    name === undefined
      ? `the record has several models: name one of ${known}`
      : `the record has no model '${name}': it has ${known}`,
  );
}

function threatOf(
  { name, worstCase }: RecordedModel,
  { norm, epsilon }: CardOptions,
): { norm: Norm; epsilon: number; robust: ResultCard['robust'] } {
  const course = norm === undefined ? worstCase[0] : worstCase.find((one) => one.norm === norm);
  const point = epsilon === undefined ? course?.points.at(-1) : course?.points.find((one) => one.epsilon === epsilon);
  if (course && point) return { norm: course.norm, epsilon: point.epsilon, robust: point.robust };
  const known = worstCase.flatMap((one) => one.points.map((other) => `${one.norm} ${other.epsilon}`));
  throw new AdvrobError(
    'ADVROB_RECORD',
    `model '${name}' was not judged under ${norm ?? 'any norm'} ${epsilon ?? ''}: it was under ${known.join(', ') || 'no attack'}`.replace(
      ' :',
      ':',
    ),
  );
}

function aboutModel({ name, description, modelHash, architecture, training }: RecordedModel): ResultCard['model'] {
  return {
    name,
    ...(description !== undefined && { description }),
    hash: modelHash,
    ...(architecture && { architecture: architecture.name, parameters: architecture.parameters }),
    ...(training && { training: training.method, trainingSteps: training.steps }),
  };
}

function checksOf({ checks }: RunRecord, model: string): ResultCard['checks'] {
  const own = checks.filter((check) => check.model === model && check.severity !== undefined);
  if (own.length === 0) return null;
  const isFound = (severity: unknown): boolean => severity === 'serious' || severity === 'warning';
  const found = (kind: string): string[] =>
    own.filter((check) => check.kind === kind && isFound(check.severity)).map(({ name }) => name);
  const untested = own.filter(({ severity }) => severity === 'untested').map(({ name }) => name);
  return { made: own.length - untested.length, causes: found('cause'), symptoms: found('symptom'), untested };
}

function smallest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}
