import { AdvrobError, type Dataset, type Json } from '@advrob/core';
import {
  createRecord,
  describeData,
  parseRecord,
  recordChecks,
  recordName,
  serializeRecord,
  type Evaluation,
  type RobustnessCheck,
  type RunRecord,
} from '@advrob/evaluation';
import { renderReport, type ReportOptions } from '@advrob/report';
import * as tf from '@tensorflow/tfjs-core';
import { join } from 'node:path';
import { environmentOf } from '../backend/environment.js';
import { readIfThere, writeAtomically } from '../storage/files.js';

/** Reads the record of a finished run. @throws AdvrobError `ADVROB_USAGE` when there is none. */
export async function readRecord(folder: string): Promise<RunRecord> {
  const bytes = await readIfThere(join(folder, recordName));
  if (bytes === undefined)
    throw new AdvrobError('ADVROB_USAGE', `no ${recordName} in ${folder}: expected the folder of a finished run`);
  return parseRecord(new TextDecoder().decode(bytes));
}

/** Writes `record.json` and the page. Returns the page's path. */
export async function writeRecord(folder: string, record: RunRecord): Promise<string> {
  await writeAtomically(join(folder, recordName), serializeRecord(record));
  return writeReport(folder, record);
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
  },
): Promise<RunRecord> {
  const { command, seed, config, data, split, evaluation, checks } = parts;
  const record = createRecord({
    title: `Robustness of ${evaluation.result.name}`,
    command,
    config: config as RunRecord['config'],
    environment: environmentOf(tf.getBackend()),
    seeds: { evaluation: seed },
    data: describeData(data, split),
    models: [evaluation.result],
    checks: recordChecks(evaluation.result.name, checks),
    timing: { evaluation: evaluation.timing } as unknown as RunRecord['timing'],
  });
  await writeRecord(folder, record);
  return record;
}
