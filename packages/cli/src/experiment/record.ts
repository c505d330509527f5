import { AdvrobError, type Dataset, type Json } from '@advrob/core';
import {
  createRecord,
  describeData,
  parseRecord,
  recordChecks,
  recordName,
  serializeRecord,
  type Evaluation,
  type RecordWarning,
  type RobustnessCheck,
  type RunRecord,
} from '@advrob/evaluation';
import type { ReportOptions } from '@advrob/report';
import * as tf from '@tensorflow/tfjs-core';
import { join } from 'node:path';
import { environmentOf } from '../backend/environment.js';
import type { Output } from '../output/terminal.js';
import { readIfThere, writeAtomically } from '../storage/files.js';
import { holdFolder } from '../storage/lock.js';
import { damagedFiles, hashFiles, isSealed, sealedRecord } from '../storage/integrity.js';

/**
 * Reads the record of a finished run.
 *
 * @throws AdvrobError `ADVROB_USAGE` when there is none; `ADVROB_RECORD` or `ADVROB_FILE_DAMAGED`
 *   naming the file.
 */
export async function readRecord(folder: string): Promise<RunRecord> {
  const bytes = await readIfThere(join(folder, recordName));
  if (bytes === undefined)
    throw new AdvrobError('ADVROB_USAGE', `no ${recordName} in ${folder}: expected the folder of a finished run`);
  const text = new TextDecoder().decode(bytes);
  const record = inFile(join(folder, recordName), () => parseRecord(text));
  if (isSealed(text, record)) return record;
  throw new AdvrobError(
    'ADVROB_FILE_DAMAGED',
    `${join(folder, recordName)}: its SHA-256 is not the one that it was written with: damaged or changed since. The command that wrote it makes it anew`,
  );
}

/** What `read` gives; where it refuses what it reads, it says of which file. */
export function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof AdvrobError) || cause.code !== 'ADVROB_RECORD') throw cause;
    throw new AdvrobError(cause.code, `${path}: ${cause.message.replace(` [${cause.code}]`, '')}`, { cause });
  }
}

/** Writes the page, whose path it gives, and `record.json`, with the hashes of all files of the run. */
export async function writeRecord(folder: string, record: RunRecord): Promise<{ report: string; record: RunRecord }> {
  const report = await writeReport(folder, record);
  return { report, record: await sealFolder(folder, record) };
}

/** Writes the record with the hashes that the files of the run have now. */
export async function sealFolder(folder: string, record: RunRecord): Promise<RunRecord> {
  return seal(folder, record, await hashFiles(folder));
}

async function seal(folder: string, record: RunRecord, files: FileHashes): Promise<RunRecord> {
  const sealed = sealedRecord(record, files);
  await writeAtomically(join(folder, recordName), serializeRecord(sealed));
  return sealed;
}

/**
 * Runs `body` in a folder that no other process of ours works in. Damage to what a finished run has
 * left there is told first, and its record then lets its files change until a new one is written; a
 * body that fails and changed nothing leaves it as it was. The body is told the hashes that the
 * record had, by path.
 */
export function workIn<T>(
  folder: string,
  output: Pick<Output, 'warn'>,
  body: (written: FileHashes) => Promise<T>,
): Promise<T> {
  return holdFolder(folder, async () => {
    const before = await openSeal(folder, output);
    try {
      return await body(before?.record.integrity?.files ?? {});
    } catch (error) {
      if (before) await closeSeal(folder, before).catch(() => undefined);
      throw error;
    }
  });
}

/** SHA-256 of files by their paths in the folder. */
export type FileHashes = Readonly<Record<string, string>>;

/** A record whose files may change, and those that had changed before. */
interface OpenedSeal {
  readonly record: RunRecord;
  readonly damaged: readonly string[];
}

async function openSeal(folder: string, output: Pick<Output, 'warn'>): Promise<OpenedSeal | undefined> {
  if ((await readIfThere(join(folder, recordName))) === undefined) return undefined;
  try {
    const record = await readRecord(folder);
    const damaged = (await damagedFiles(folder, record)).map(({ path }) => path);
    output.warn(damaged.map((path) => `${join(folder, path)} is damaged, by its SHA-256: what can be is made anew`));
    if (record.integrity === undefined) return undefined;
    await seal(folder, record, {});
    return { record, damaged };
  } catch (error) {
    if (!(error instanceof AdvrobError) || !['ADVROB_RECORD', 'ADVROB_FILE_DAMAGED'].includes(error.code)) throw error;
    output.warn([`${error.message}: it is made anew`]);
    return undefined;
  }
}

async function closeSeal(folder: string, { record, damaged }: OpenedSeal): Promise<void> {
  const now = await damagedFiles(folder, record);
  const isSame = now.map(({ path }) => path).join() === damaged.join();
  if (isSame) await seal(folder, record, record.integrity!.files);
}

/**
 * Writes the page of one or several records, and the data and vector form of each figure beside it.
 * Returns the page's path.
 */
export async function writeReport(
  folder: string,
  records: RunRecord | readonly RunRecord[],
  options: ReportOptions = {},
): Promise<string> {
  // What draws figures takes half a second to read: commands without a page do not wait for it.
  const { renderReport } = await import('@advrob/report');
  const { html, markdown, files } = await renderReport(records, options);
  for (const [name, content] of Object.entries(files))
    await writeAtomically(join(folder, 'figures', plainName(name)), content);
  await writeAtomically(join(folder, 'report.md'), markdown);
  const path = join(folder, 'report.html');
  await writeAtomically(path, html);
  return path;
}

/** The folder of a model of a finished run. @throws AdvrobError `ADVROB_RECORD`. */
export function modelFolder(folder: string, model: string): string {
  return join(folder, 'models', plainName(model));
}

/**
 * A name that a record gives, as that of a file or folder: one that leads elsewhere is refused.
 *
 * @throws AdvrobError `ADVROB_RECORD`.
 */
function plainName(name: string): string {
  if (/^[^/\\:\0]+$/.test(name) && !/^\.+$/.test(name)) return name;
  throw new AdvrobError(
    'ADVROB_RECORD',
    `the record names ${JSON.stringify(name)}, which is no name of a file or folder: expected one without slashes`,
  );
}

/** Writes `record.json` and `report.html` of one evaluated model. */
export async function writeEvaluationRecord(
  folder: string,
  parts: {
    command: string;
    seed: number;
    config: Json;
    data: Dataset;
    split: string;
    evaluation: Evaluation;
    checks: readonly RobustnessCheck[];
    warnings: RecordWarning[];
  },
): Promise<RunRecord> {
  const { command, seed, config, data, split, evaluation, checks, warnings } = parts;
  const record = createRecord({
    title: `Robustness of ${evaluation.result.name}`,
    command,
    config: config as RunRecord['config'],
    environment: environmentOf(tf.getBackend()),
    seeds: { evaluation: seed },
    data: describeData(data, split),
    models: [evaluation.result],
    checks: recordChecks(evaluation.result.name, checks),
    warnings,
    timing: { evaluation: evaluation.timing } as unknown as RunRecord['timing'],
  });
  return (await writeRecord(folder, record)).record;
}
