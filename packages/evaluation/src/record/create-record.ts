import { AdvrobError, type Dataset } from '@advrob/core';
import * as z from 'zod';
import type { DataDescription } from './data-description.js';
import { runRecord, type RunRecord } from './record.js';

/** What a record is made from; the rest is filled in. */
export type RecordParts = Omit<RunRecord, 'format' | 'version' | 'checks' | 'analyses'> &
  Partial<Pick<RunRecord, 'checks' | 'analyses'>>;

/**
 * Makes a record and checks it against its schema.
 *
 * @throws AdvrobError `ADVROB_RECORD` naming what does not fit, or two models or analyses of one name.
 */
export function createRecord(parts: RecordParts): RunRecord {
  return checkRecord({ format: 'advrob-record', version: 1, checks: [], analyses: [], ...parts });
}

/** What a record says about data. */
export function describeData(dataset: Dataset, split?: string): DataDescription {
  const { name, length, hash, inputShape, numClasses, bounds, classNames } = dataset;
  return {
    name,
    ...(split !== undefined && { split }),
    length,
    hash,
    inputShape: [...inputShape],
    numClasses,
    bounds: [...bounds],
    ...(classNames && { classNames: [...classNames] }),
  };
}

/** JSON of a record, indented; equal records give equal bytes. */
export function serializeRecord(record: RunRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/**
 * Reads a record.
 *
 * @throws AdvrobError `ADVROB_RECORD` when it is not JSON, not a record, or of another version.
 */
export function parseRecord(text: string): RunRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AdvrobError('ADVROB_RECORD', `the record is not JSON (${(cause as Error).message}): is it complete?`, {
      cause,
    });
  }
  return checkRecord(value);
}

/** A record without its times: equal for two runs of the same settings on the same machine. */
export function withoutTiming(record: RunRecord): Omit<RunRecord, 'timing'> {
  const { timing: _, ...rest } = record;
  return rest;
}

/** The JSON Schema of `record.json`. */
export function recordJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(runRecord, { target: 'draft-2020-12', io: 'input' });
}

function checkRecord(value: unknown): RunRecord {
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version !== 1)
    throw new AdvrobError('ADVROB_RECORD', `the record has version ${version}; this advrob reads version 1: update it`);
  const parsed = runRecord.safeParse(value);
  if (!parsed.success) throw new AdvrobError('ADVROB_RECORD', `not a record: ${z.prettifyError(parsed.error)}`);
  const { models, analyses, data } = parsed.data;
  checkNames(
    'models',
    models.map(({ name }) => name),
  );
  checkNames(
    'analyses',
    analyses.map(({ id }) => id),
  );
  if (models.length === 0 && analyses.length === 0)
    throw new AdvrobError('ADVROB_RECORD', 'the record holds no model and no analysis: expected at least one of them');
  if (models.length > 0 && data === undefined)
    throw new AdvrobError('ADVROB_RECORD', 'the record holds models but not what they were measured on (data)');
  return parsed.data;
}

function checkNames(what: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new AdvrobError('ADVROB_RECORD', `two ${what} of the record are called '${twice}': give each its own name`);
}

/**
 * What the models of a record were measured on.
 *
 * @throws AdvrobError `ADVROB_RECORD` for a record of analyses alone.
 */
export function measuredData({ title, data }: RunRecord): DataDescription {
  if (data) return data;
  throw new AdvrobError('ADVROB_RECORD', `'${title}' is a record of analyses alone: no model of it was measured`);
}
