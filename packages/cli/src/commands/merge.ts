import { AdvrobError } from '@advrob/core';
import { mergeShards } from '@advrob/evaluation/shards';
import type { Command } from 'commander';
import { runEvaluation } from '../evaluation/run.js';
import { findShards } from '../evaluation/shards.js';
import { workIn } from '../experiment/record.js';
import { jsonFlag, pluginFlag } from '../flags/common-flags.js';
import { evaluationFlags } from '../flags/evaluation-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { recordText } from '../output/record-text.js';
import { terminalOutput } from '../output/terminal.js';
import { fileStorage } from '../storage/files.js';
import { addCommand, commandLineOf, ready, readFlags, withoutFlags, type Call } from './command.js';

const outFlag = flag('--out <folder>', 'for record.json and examples.jsonl', { required: true });
const flags = [outFlag, pluginFlag, jsonFlag] as const;

/** `advrob merge`: one evaluation out of its shards, with the record of a single run. */
export function register(program: Command, call: Call): void {
  addCommand(
    program,
    'merge <folders...>',
    'make one evaluation of its shards; of a folder that holds them, or of their folders',
    flags,
    (folders, given) => workIn(given.out, terminalOutput(given.json), () => mergeCommand(folders, given, call)),
    ['merge runs/net --out runs/net'],
  );
}

async function mergeCommand(folders: readonly string[], asked: Values<typeof flags>, { signal }: Call): Promise<void> {
  const shards = await findShards(folders);
  const folder = asked.out;
  const args = withOut(shards[0].args, folder);
  const given = readFlags(evaluationFlags, args);
  refusePlugins(given.plugin, asked.plugin);
  await mergeShards(
    shards.map((shard) => ({ name: shard.folder, share: shard.share, storage: fileStorage(shard.folder) })),
    fileStorage(folder),
  );
  const { registry } = await ready(given);
  const output = terminalOutput(asked.json);
  const command = commandLineOf(['evaluate', ...args]);
  const record = await runEvaluation({ given, folder, registry, output, signal, command }).catch((error: unknown) => {
    throw error instanceof AdvrobError && error.code === 'ADVROB_EVALUATION_MISMATCH' ? elsewhere(error) : error;
  });
  output.result(record, () =>
    [
      ...recordText(record),
      `${folder}: merged of ${shards.length} shards: record.json, examples.jsonl, report.html`,
    ].join('\n\n'),
  );
}

/** The arguments of a single run into another folder. */
function withOut(args: readonly string[], folder: string): string[] {
  const place = args.indexOf(outFlag.long!);
  if (place >= 0) return args.map((arg, i) => (i === place + 1 ? folder : arg));
  return [...withoutFlags(args, [outFlag]), outFlag.long!, folder];
}

/** A folder may come from anyone, and a plugin is code. */
function refusePlugins(wanted: readonly string[], allowed: readonly string[]): void {
  const others = wanted.filter((name) => !allowed.includes(name));
  if (others.length > 0)
    throw new AdvrobError(
      'ADVROB_USAGE',
      `the shards were computed with the plugin ${others.join(', ')}: if you trust it, add ${others.map((name) => `--plugin ${name}`).join(' ')}`,
    );
}

function elsewhere(error: AdvrobError): AdvrobError {
  const differences = error.message.replace(/^.*?: /, '').replace(/\. Use another folder.*$/, '');
  return new AdvrobError(
    'ADVROB_EVALUATION_MISMATCH',
    `the shards were computed with something else than is here: ${differences}. Merge where they were computed, such as in a task of its own, from the same folder with the same files`,
    { cause: error },
  );
}
