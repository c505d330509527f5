import type { Command } from 'commander';
import { appendFile, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { selectBackend } from '../backend/select.js';
import { checkParts } from '../config/check-parts.js';
import { openExperiment } from '../config/load.js';
import { runExperiment } from '../experiment/run-experiment.js';
import { jsonFlag } from '../flags/common-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { junitOf } from '../output/junit.js';
import { recordText } from '../output/record-text.js';
import { terminalOutput } from '../output/terminal.js';
import { fileError } from '../storage/failure.js';
import { writeAtomically } from '../storage/files.js';
import { addCommand, openRegistry, type Call } from './command.js';

const flags = [
  flag('--set <key=value>', 'replaces a value of the config, e.g. training.steps=100', { repeated: true }),
  flag('--out <folder>', 'default: runs/<name of the experiment>'),
  flag('--junit <file>', 'writes bounds and checks as a JUnit file, which CI services show test by test'),
  flag(
    '--summary <file>',
    'adds the answer, the table and bounds that are not met to a Markdown file, such as $GITHUB_STEP_SUMMARY',
  ),
  jsonFlag,
] as const;

/** `advrob run`: everything a config asks for, into one folder; goes on where it was stopped. */
export function register(program: Command, call: Call): void {
  addCommand(
    program,
    'run <config>',
    'do everything that a config file asks for; started again, it goes on where it was stopped',
    flags,
    (file, given) => runCommand(file, given, call),
    [
      'run experiment.yaml',
      'run experiment.yaml --set training.steps=100 --out runs/short',
      'run gate.yaml --junit gate.xml --summary gate.md',
    ],
  );
}

async function runCommand(
  file: string,
  given: Values<typeof flags>,
  { commandLine, signal, fail }: Call,
): Promise<void> {
  const output = terminalOutput(given.json);
  const { experiment, placeOf } = await openExperiment(file, given.set);
  const registry = await openRegistry(experiment.plugins, output, dirname(resolve(file)));
  checkParts(experiment, registry, placeOf);
  const { name, threads, deterministic } = experiment.backend;
  const backend = await selectBackend(name, { deterministic, threads });
  const folder = given.out ?? join('runs', experiment.name);
  const { record, report, requirements } = await runExperiment({
    experiment,
    folder,
    registry,
    backend,
    command: commandLine,
    output,
    signal,
  });
  const unmet = requirements.flatMap(({ problem }) => problem ?? []);
  if (given.junit !== undefined) await writeAtomically(given.junit, junitOf(record, requirements));
  if (given.summary !== undefined) await addSummary(given.summary, report, unmet);
  output.result(record, () =>
    [...recordText(record), ...unmet.map((problem) => `NOT MET: ${problem}`), `report: ${report}`].join('\n\n'),
  );
  if (unmet.length > 0) fail();
}

/** Added and not written anew: other steps of a pipeline say something in the same file. */
async function addSummary(file: string, report: string, unmet: readonly string[]): Promise<void> {
  const page = await readFile(join(dirname(report), 'report.md'), 'utf8');
  const missed = unmet.map((problem) => `- **Not met**: ${problem.replace(/[\\`*_<>[\]|]/g, '\\$&')}\n`).join('');
  await appendFile(file, `${page}${missed === '' ? '' : `\n${missed}`}\n`).catch((error: unknown) => {
    throw fileError(error, file);
  });
}
