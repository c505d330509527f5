import type { Dataset, Json } from '@advrob/core';
import {
  createRecord,
  describeData,
  recordChecks,
  recordName,
  serializeRecord,
  type Evaluation,
  type RobustnessCheck,
  type RunRecord,
} from '@advrob/evaluation';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { writeAtomically } from '../storage/file-storage.js';
import { environmentOf } from './environment.js';
import { writeReport } from './write-report.js';

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
  await writeAtomically(join(folder, recordName), serializeRecord(record));
  await writeReport(folder, record);
  return record;
}
