import { AdvrobError, didYouMean } from '@advrob/core';
import {
  compareModels,
  examplesName,
  readExamples,
  type ExampleRecord,
  type JudgedModel,
  type ModelComparison,
  type PairedComparison,
  type RunRecord,
} from '@advrob/evaluation';
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { inFile, modelFolder, readRecord, writeReport } from '../experiment/record.js';
import { jsonFlag } from '../flags/common-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { piecesOf, writeAtomically } from '../storage/files.js';
import { refuseDamaged } from '../storage/integrity.js';
import { holdFolder } from '../storage/lock.js';
import { percent } from '../output/progress.js';
import { table, terminalOutput, warningTexts } from '../output/terminal.js';
import { addCommand } from './command.js';

const flags = [
  flag('--baseline <name>', 'default: the first model of the first folder'),
  flag('--out <folder>', 'for a page over all of them and compare.json'),
  jsonFlag,
] as const;

/**
 * `advrob compare`: every model of the folders against one of them, example by example: difference
 * with the interval of a paired bootstrap, and McNemar's exact test; warnings of the records on
 * standard error. With `--out` also
 * `compare.json` and a page over all records.
 */
export function register(program: Command): void {
  addCommand(
    program,
    'compare <folders...>',
    'every model of finished runs against one of them, on the same examples',
    flags,
    compareCommand,
    ['compare runs/a runs/b --out runs/a-and-b'],
  );
}

/** A model of a finished run, by a name that no other one of the comparison has. */
interface Candidate extends JudgedModel {
  readonly name: string;
}

async function compareCommand(folders: readonly string[], given: Values<typeof flags>): Promise<void> {
  const records: RunRecord[] = [];
  for (const folder of folders) records.push(await readRecord(folder));
  const candidates = await candidatesOf(folders, records);
  if (candidates.length < 2)
    throw new AdvrobError(
      'ADVROB_USAGE',
      `${folders.join(', ')}: expected at least two models to compare, found ${candidates.length}`,
    );
  const baseline = baselineOf(candidates, given.baseline);
  const comparisons = candidates.filter((other) => other !== baseline).map((other) => compared(other, baseline));
  const { out } = given;
  const output = terminalOutput(given.json);
  records.forEach(({ warnings }, i) =>
    output.warn(warningTexts(warnings).map((text) => (records.length > 1 ? `${folders[i]!}: ${text}` : text))),
  );
  if (out !== undefined)
    await holdFolder(out, async () => {
      await writeAtomically(join(out, 'compare.json'), `${JSON.stringify(comparisons, null, 2)}\n`);
      await writeReport(out, records, { comparisons });
    });
  output.result(comparisons, () =>
    [
      ...comparisons.map(comparisonTable),
      "Differences in percentage points with 95% intervals of the paired bootstrap; p of McNemar's exact test, each for one comparison.",
      ...(given.out === undefined ? [] : [`${given.out}: report.html, report.md, compare.json, figures`]),
    ].join('\n\n'),
  );
}

/** All models of the records; names that occur twice get their folder in front. */
async function candidatesOf(folders: readonly string[], records: readonly RunRecord[]): Promise<Candidate[]> {
  const names = records.flatMap(({ models }) => models.map(({ name }) => name));
  const isShared = (name: string): boolean => names.filter((other) => other === name).length > 1;
  const candidates: Candidate[] = [];
  for (const [i, record] of records.entries())
    for (const model of record.models) {
      const folder = folders[i]!;
      const name = isShared(model.name) ? `${basename(resolve(folder))}/${model.name}` : model.name;
      const examples = await examplesOf(folder, model.name, record);
      candidates.push({ name, result: { ...model, name }, examples });
    }
  return candidates;
}

/** The examples of a model, read from its file whenever they are gone through. */
async function examplesOf(folder: string, model: string, record: RunRecord): Promise<Iterable<ExampleRecord>> {
  const places = [join(modelFolder(folder, model), examplesName)];
  if (record.models.length === 1) places.push(join(folder, examplesName));
  await refuseDamaged(folder, record, [`models/${model}/${examplesName}`, examplesName]);
  const path = places.find((each) => existsSync(each));
  if (path !== undefined) return { [Symbol.iterator]: () => examplesIn(path) };
  throw new AdvrobError(
    'ADVROB_USAGE',
    `no ${examplesName} of '${model}' in ${folder}: a comparison needs the line of each example`,
  );
}

function* examplesIn(path: string): Generator<ExampleRecord> {
  const examples = readExamples(piecesOf(path));
  try {
    for (;;) {
      const { value, done } = inFile(path, () => examples.next());
      if (done) return;
      yield value;
    }
  } finally {
    examples.return(undefined);
  }
}

function baselineOf(candidates: readonly Candidate[], wanted: string | undefined): Candidate {
  if (wanted === undefined) return candidates[0]!;
  const found = candidates.find(({ name }) => name === wanted);
  if (found) return found;
  const names = candidates.map(({ name }) => name);
  throw new AdvrobError(
    'ADVROB_USAGE',
    `--baseline: no model '${wanted}'; ${didYouMean(wanted, names, `there are ${names.join(', ')}`)}`,
  );
}

function compared(other: Candidate, baseline: Candidate): ModelComparison {
  try {
    return compareModels(other, baseline);
  } catch (error) {
    if (!(error instanceof AdvrobError) || error.code !== 'ADVROB_SHAPE') throw error;
    throw new AdvrobError(
      'ADVROB_USAGE',
      `'${other.name}' and '${baseline.name}' were measured on different examples: run both with the same dataset, split and take`,
      { cause: error },
    );
  }
}

/** One model against another, a line per measure. */
function comparisonTable({ first, second, comparisons, skipped }: ModelComparison): string {
  const rows = comparisons.map(({ first: own, second: other, difference, test, ...about }) => [
    measure(about),
    percent(own.rate, 1),
    percent(other.rate, 1),
    `${points(difference.difference)} [${difference.interval.map(points).join(', ')}]`,
    test.pValue < 0.001 ? '< 0.001' : test.pValue.toFixed(3),
  ]);
  const examples = comparisons[0]?.first.total ?? 0;
  return [
    table([[`${first} against ${second} (${examples} examples)`, first, second, 'difference', 'p'], ...rows]),
    ...skipped.map((why) => `not compared: ${why}`),
  ].join('\n');
}

function measure({
  kind,
  attack,
  norm,
  epsilon,
}: Pick<PairedComparison, 'kind' | 'attack' | 'norm' | 'epsilon'>): string {
  if (kind === 'clean') return 'clean';
  const threat = `${norm} ${Number(epsilon!.toPrecision(3))}`;
  return kind === 'attack' ? `${attack} ${threat}` : `worst case ${threat}`;
}

/** `+1.2`, in percentage points. */
function points(share: number): string {
  const text = (100 * share).toFixed(1);
  return share > 0 && text !== '0.0' ? `+${text}` : text === '-0.0' ? '0.0' : text;
}
