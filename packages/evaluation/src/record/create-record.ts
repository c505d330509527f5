import { AdvrobError, type Dataset } from '@advrob/core';
import { z } from 'zod';
import { runRecord, type RunRecord } from './record.js';

/** What a record is made from; the rest is filled in. */
export type RecordParts = Omit<RunRecord, 'format' | 'version' | 'checks'> & { readonly checks?: RunRecord['checks'] };

/**
 * Makes a record and checks it against its schema.
 *
 * @throws AdvrobError `ADVROB_RECORD` naming what does not fit, or two models of one name.
 */
export function createRecord(parts: RecordParts): RunRecord {
  return checkRecord({ format: 'advrob-record', version: 1, checks: [], ...parts });
}

/** What a record says about data. */
export function describeData(dataset: Dataset, split?: string): RunRecord['data'] {
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
  return z.toJSONSchema(runRecord, { target: 'draft-2020-12' });
}

function checkRecord(value: unknown): RunRecord {
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version !== 1)
    throw new AdvrobError('ADVROB_RECORD', `the record has version ${version}; this advrob reads version 1: update it`);
  const parsed = runRecord.safeParse(value);
  if (!parsed.success) throw new AdvrobError('ADVROB_RECORD', `not a record: ${z.prettifyError(parsed.error)}`);
  const names = parsed.data.models.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new AdvrobError('ADVROB_RECORD', `two models of the record are called '${twice}': give each its own name`);
  return parsed.data;
}
