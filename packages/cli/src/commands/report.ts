import { AdvrobError } from '@advrob/core';
import { cardName, createCard, serializeCard, type RunRecord } from '@advrob/evaluation';
import type { Command } from 'commander';
import { join } from 'node:path';
import { norm as norms } from '../config/part-schema.js';
import { modelFolder, readRecord, writeReport } from '../experiment/record.js';
import { jsonFlag, parseEpsilon } from '../flags/common-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { writeAtomically } from '../storage/files.js';
import { holdFolder } from '../storage/lock.js';
import { recordText } from '../output/record-text.js';
import { terminalOutput, type Output } from '../output/terminal.js';
import { addCommand } from './command.js';

const flags = [
  flag('--card', 'writes card.json, a row of a leaderboard, instead of the page'),
  flag('--model <name>', 'with --card: this model alone'),
  flag('--norm <norm>', 'with --card: default that of the first attack', { choices: norms.options }),
  flag('--epsilon <radius>', 'with --card: default the largest'),
  jsonFlag,
] as const;
type ReportFlags = Values<typeof flags>;

/** `advrob report`: makes the page of a run anew from its record, or writes result cards. */
export function register(program: Command): void {
  addCommand(
    program,
    'report <folder>',
    'make the page of a run anew from its record, or write result cards',
    flags,
    reportCommand,
  );
}

async function reportCommand(folder: string, given: ReportFlags): Promise<void> {
  const output = terminalOutput(given.json);
  const record = await readRecord(folder);
  if (given.card) return holdFolder(folder, () => writeCards(folder, record, given, output));
  const ignored = (['model', 'norm', 'epsilon'] as const).find((flag) => given[flag] !== undefined);
  if (ignored) throw new AdvrobError('ADVROB_USAGE', `--${ignored} is for --card; the page shows everything`);
  const report = await holdFolder(folder, () => writeReport(folder, record));
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
      norm,
      epsilon: epsilon === undefined ? undefined : parseEpsilon(epsilon),
    }),
  );
  const paths: string[] = [];
  for (const card of cards) {
    const path =
      record.models.length === 1 ? join(folder, cardName) : join(modelFolder(folder, card.model.name), cardName);
    await writeAtomically(path, serializeCard(card));
    paths.push(path);
  }
  output.result(cards, () => paths.map((path) => `card: ${path}`).join('\n'));
}
