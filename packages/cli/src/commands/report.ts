import { AdvrobError } from '@advrob/core';
import { parseRecord, recordName } from '@advrob/evaluation';
import { join } from 'node:path';
import { writeReport } from '../experiment/write-report.js';
import { recordTable } from '../output/record-table.js';
import type { Output } from '../output/terminal.js';
import { readIfThere } from '../storage/file-storage.js';

/** `advrob report`: makes the page of a run anew from its record. */
export async function reportCommand(folder: string, output: Output): Promise<void> {
  const bytes = await readIfThere(join(folder, recordName));
  if (bytes === undefined)
    throw new AdvrobError('ADVROB_USAGE', `no ${recordName} in ${folder}: expected the folder of a finished run`);
  const record = parseRecord(new TextDecoder().decode(bytes));
  const report = await writeReport(folder, record);
  output.result({ report }, () => `${recordTable(record)}\n\nreport: ${report}`);
}
