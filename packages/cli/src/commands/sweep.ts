import { AdvrobError, type Registry } from '@advrob/core';
import { recordName, type RunRecord } from '@advrob/evaluation';
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { selectBackend } from '../backend/select.js';
import { checkParts } from '../config/check-parts.js';
import { openSweep, type Arm, type Sweep } from '../config/sweep.js';
import { parseShard } from '../evaluation/shards.js';
import { readRecord } from '../experiment/record.js';
import { runExperiment } from '../experiment/run-experiment.js';
import { jsonFlag } from '../flags/common-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { terminalOutput } from '../output/terminal.js';
import { writeAtomically } from '../storage/files.js';
import { holdFolder } from '../storage/lock.js';
import { addCommand, openRegistry, type Call } from './command.js';

const flags = [
  flag('--set <key=value>', 'replaces a value in every arm, e.g. training.steps=100', { repeated: true }),
  flag('--out <folder>', 'default: runs/<name of the sweep>'),
  flag(
    '--shard <i/n>',
    'only arms i, i + n, ... (from 0), for one of n tasks that share the folder; `auto` in arrays of SLURM and Kubernetes',
  ),
  jsonFlag,
] as const;

/**
 * `advrob sweep`: one experiment with every combination of values. Each arm is a run in a folder of
 * its own, which goes on where it was stopped; once all have ended, the sweep's folder has a page
 * and a table over them.
 */
export function register(program: Command, call: Call): void {
  addCommand(
    program,
    'sweep <config>',
    'an experiment with every combination of seeds, radii, options; started again, it goes on where it was stopped',
    flags,
    (file, given) => sweepCommand(file, given, call),
    [
      'sweep sweep.yaml',
      'sweep sweep.yaml --out /shared/sweep --shard 3/16',
      'sweep sweep.yaml --set training.steps=10',
    ],
  );
}

async function sweepCommand(file: string, given: Values<typeof flags>, call: Call): Promise<void> {
  const output = terminalOutput(given.json);
  const share = given.shard === undefined ? { index: 0, count: 1 } : parseShard(given.shard);
  const sweep = await openSweep(file, given.set);
  const swept = given.set.find((text) => sweep.arms.some(({ settings }) => text.split('=')[0]!.trim() in settings));
  if (swept !== undefined)
    throw new AdvrobError('ADVROB_USAGE', `--set ${swept}: the sweep gives each arm a value of its own there`);
  const out = given.out ?? join('runs', sweep.name);
  const [first] = sweep.arms;
  const { name, threads, deterministic } = first!.opened.experiment.backend;
  for (const { name: armName, opened } of sweep.arms)
    if (JSON.stringify(opened.experiment.backend) !== JSON.stringify(first!.opened.experiment.backend))
      throw new AdvrobError(
        'ADVROB_CONFIG',
        `arm ${armName}: a sweep has one backend; start a second sweep for another`,
      );
  // Every arm is looked at, also those of other tasks, before the first is trained.
  const arms: (Arm & { readonly registry: Registry })[] = [];
  for (const arm of sweep.arms) {
    const { experiment, placeOf } = arm.opened;
    const registry = await openRegistry(experiment.plugins, output, sweep.folder);
    checkParts(experiment, registry, placeOf);
    arms.push({ ...arm, registry });
  }
  const backend = await selectBackend(name, { deterministic, threads });
  const mine = arms.filter((_, i) => i % share.count === share.index);
  let unmet = 0;
  for (const [i, { name: armName, opened, registry }] of mine.entries()) {
    output.line(`arm ${i + 1} of ${mine.length}: ${armName}`);
    const { requirements } = await runExperiment({
      experiment: opened.experiment,
      folder: join(out, armName),
      registry,
      backend,
      command: call.commandLine,
      output,
      signal: call.signal,
    });
    for (const { problem } of requirements)
      if (problem) {
        unmet++;
        output.line(`NOT MET by ${armName}: ${problem}`);
      }
  }
  await tell(sweep, out, output);
  if (unmet > 0) call.fail();
}

/** The page of a sweep whose arms have all ended; else how many have. */
async function tell(sweep: Sweep, out: string, output: ReturnType<typeof terminalOutput>): Promise<void> {
  const records: (RunRecord | undefined)[] = [];
  for (const { name } of sweep.arms)
    records.push(existsSync(join(out, name, recordName)) ? await readRecord(join(out, name)) : undefined);
  const ended = records.filter((record) => record !== undefined).length;
  if (ended < sweep.arms.length) {
    const arms = { ended, of: sweep.arms.length };
    output.result(arms, () => `${out}: ${ended} of ${sweep.arms.length} arms have ended; the page comes with the last`);
    return;
  }
  const { renderSweep } = await import('@advrob/report');
  const arms = sweep.arms.map(({ name, settings }, i) => ({ name, settings, record: records[i]! }));
  const { html, markdown, files, summary } = await renderSweep(sweep.title, arms);
  const writing = holdFolder(out, async () => {
    for (const [name, content] of Object.entries(files)) await writeAtomically(join(out, name), content);
    await writeAtomically(join(out, 'sweep.json'), `${JSON.stringify(summary, null, 2)}\n`);
    await writeAtomically(join(out, 'sweep.md'), markdown);
    await writeAtomically(join(out, 'sweep.html'), html);
  });
  await writing.catch((error: unknown) => {
    // Of tasks that end together one writes the page, which is the same.
    if (!(error instanceof AdvrobError) || error.code !== 'ADVROB_FOLDER_LOCKED') throw error;
  });
  output.result(summary, () => `${markdown}\n${out}: sweep.html, sweep.md, sweep.csv, sweep.json`);
}
