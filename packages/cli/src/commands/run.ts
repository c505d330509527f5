import type { Command } from 'commander';
import { dirname, join, resolve } from 'node:path';
import { selectBackend } from '../backend/select.js';
import { checkParts } from '../config/check-parts.js';
import { openExperiment } from '../config/load.js';
import { runExperiment } from '../experiment/run-experiment.js';
import { jsonFlag } from '../flags/common-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { recordText } from '../output/record-text.js';
import { terminalOutput } from '../output/terminal.js';
import { addCommand, openRegistry, type Call } from './command.js';

const flags = [
  flag('--set <key=value>', 'replaces a value of the config, e.g. training.steps=100', { repeated: true }),
  flag('--out <folder>', 'default: runs/<name of the experiment>'),
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
    ['run experiment.yaml', 'run experiment.yaml --set training.steps=100 --out runs/short'],
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
  const { record, report, unmet } = await runExperiment({
    experiment,
    folder,
    registry,
    backend,
    command: commandLine,
    output,
    signal,
  });
  output.result(record, () =>
    [...recordText(record), ...unmet.map((problem) => `NOT MET: ${problem}`), `report: ${report}`].join('\n\n'),
  );
  if (unmet.length > 0) fail();
}
