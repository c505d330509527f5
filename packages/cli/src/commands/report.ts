import { AdvrobError } from '@advrob/core';
import { cardName, createCard, serializeCard, type RunRecord } from '@advrob/evaluation';
import type { Command } from 'commander';
import { join } from 'node:path';
import { norm as norms } from '../config/part-schema.js';
import { modelFolder, readRecord, sealFolder, writeReport } from '../experiment/record.js';
import { jsonFlag, parseEpsilon } from '../flags/common-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { writeAtomically } from '../storage/files.js';
import { damagedFiles, refuseDamaged } from '../storage/integrity.js';
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
    ['report runs/demo'],
  );
}

async function reportCommand(folder: string, given: ReportFlags): Promise<void> {
  const output = terminalOutput(given.json);
  const record = await readRecord(folder);
  await refuseDamaged(folder, record);
  if (given.card) return holdFolder(folder, () => writeCards(folder, record, given, output));
  const ignored = (['model', 'norm', 'epsilon'] as const).find((flag) => given[flag] !== undefined);
  if (ignored) throw new AdvrobError('ADVROB_USAGE', `--${ignored} is for --card; the page shows everything`);
  const report = await holdFolder(folder, async () => {
    const damaged = await damagedFiles(folder, record);
    output.warn(damaged.map(({ path }) => `${join(folder, path)} was damaged or changed: it is made anew`));
    const path = await writeReport(folder, record);
    await sealAgain(folder, record);
    return path;
  });
  output.result({ report }, () => [...recordText(record), `report: ${report}`].join('\n\n'));
}

/** A record with hashes gets those of what was made anew. */
async function sealAgain(folder: string, record: RunRecord): Promise<void> {
  if (Object.keys(record.integrity?.files ?? {}).length > 0) await sealFolder(folder, record);
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
  await sealAgain(folder, record);
  output.result(cards, () => paths.map((path) => `card: ${path}`).join('\n'));
}
