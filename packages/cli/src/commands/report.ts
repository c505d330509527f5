import { AdvrobError } from '@advrob/core';
import type { Norm } from '@advrob/core';
import { cardName, createCard, serializeCard } from '@advrob/evaluation';
import type { RunRecord } from '@advrob/evaluation';
import { join } from 'node:path';
import { readRecord, writeReport } from '../experiment/record.js';
import { parseEpsilon } from '../flags/common-flags.js';
import { recordText } from '../output/record-text.js';
import type { Output } from '../output/terminal.js';
import { writeAtomically } from '../output/files.js';

export interface ReportFlags {
  readonly card?: boolean;
  readonly model?: string;
  readonly norm?: Norm;
  readonly epsilon?: string;
}

/** `advrob report`: makes the page of a run anew from its record, or writes result cards. */
export async function reportCommand(folder: string, flags: ReportFlags, output: Output): Promise<void> {
  const record = await readRecord(folder);
  if (flags.card) return writeCards(folder, record, flags, output);
  const ignored = (['model', 'norm', 'epsilon'] as const).find((flag) => flags[flag] !== undefined);
  if (ignored) throw new AdvrobError('ADVROB_USAGE', `--${ignored} is for --card; the page shows everything`);
  const report = await writeReport(folder, record);
  output.result({ report }, () => [...recordText(record), `report: ${report}`].join('\n\n'));
}

/** One card per model: `card.json` where there is one model, else beside each model's files. */
async function writeCards(
  folder: string,
  record: RunRecord,
  { model, norm, epsilon }: ReportFlags,
  output: Output,
): Promise<void> {
  const names = model === undefined ? record.models.map(({ name }) => name) : [model];
  const cards = names.map((name) =>
    createCard(record, {
      model: name,
      ...(norm && { norm }),
      ...(epsilon !== undefined && { epsilon: parseEpsilon(epsilon) }),
    }),
  );
  const paths: string[] = [];
  for (const card of cards) {
    const path =
      record.models.length === 1 ? join(folder, cardName) : join(folder, 'models', card.model.name, cardName);
    await writeAtomically(path, serializeCard(card));
    paths.push(path);
  }
  output.result(cards, () => paths.map((path) => `card: ${path}`).join('\n'));
}
