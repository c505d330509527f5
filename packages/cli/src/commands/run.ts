import type { Output } from '../output/terminal.js';
import { loadExperiment } from '../config/load.js';
import { selectBackend } from '../backend/select.js';
import { runExperiment } from '../experiment/run-experiment.js';
import { loadRegistry } from '../plugins/load.js';
import { recordText } from '../output/record-text.js';
import { dirname, join, resolve } from 'node:path';

export interface RunFlags {
  readonly set: readonly string[];
  readonly out?: string;
}

/** `advrob run`: everything a config asks for, into one folder; goes on where it was stopped. Returns whether all that the config requires holds. */
export async function runCommand(
  file: string,
  flags: RunFlags,
  command: string,
  output: Output,
  signal: AbortSignal,
): Promise<boolean> {
  const experiment = await loadExperiment(file, flags.set);
  const registry = await loadRegistry(experiment.plugins, {
    from: dirname(resolve(file)),
    say: (line) => output.line(line),
  });
  const { name, threads, deterministic } = experiment.backend;
  const backend = await selectBackend(name, { deterministic, ...(threads !== undefined && { threads }) });
  const folder = flags.out ?? join('runs', experiment.name);
  const { record, report, unmet } = await runExperiment({
    experiment,
    folder,
    registry,
    backend,
    command,
    output,
    signal,
  });
  output.result(record, () =>
    [...recordText(record), ...unmet.map((problem) => `NOT MET: ${problem}`), `report: ${report}`].join('\n\n'),
  );
  return unmet.length === 0;
}
