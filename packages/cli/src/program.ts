import { AdvrobError } from '@advrob/core';
import { Command, CommanderError } from 'commander';
import { createRequire } from 'node:module';
import * as analyze from './commands/analyze.js';
import * as attack from './commands/attack.js';
import { commandLineOf, type Call } from './commands/command.js';
import * as completion from './commands/completion.js';
import * as compare from './commands/compare.js';
import * as doctor from './commands/doctor.js';
import * as evaluate from './commands/evaluate.js';
import * as exportCommand from './commands/export.js';
import * as init from './commands/init.js';
import * as inspect from './commands/inspect.js';
import * as list from './commands/list.js';
import * as merge from './commands/merge.js';
import * as report from './commands/report.js';
import * as run from './commands/run.js';
import * as status from './commands/status.js';
import * as sweep from './commands/sweep.js';
import * as train from './commands/train.js';
import * as verify from './commands/verify.js';
import * as worker from './commands/worker.js';
import { describeError, exitCodeOf, explain } from './output/errors.js';

export { guardStreams } from './output/streams.js';

/** In the order of the help. Each declares its own flags. */
const commands = [
  ...[init, run, sweep, train, attack, evaluate, merge, worker, status, analyze, verify],
  ...[inspect, exportCommand, list, report, compare, doctor, completion],
];

/** The program with all its commands, from which the help and its page in the documentation are made. */
export function createProgram(call: Call): Command {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const program = new Command('advrob')
    .description('Measure and improve the adversarial robustness of neural networks.')
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  for (const { register } of commands) register(program, call);
  return program;
}

/**
 * Runs one command line (without `node` and the script) and returns the exit code: 0 done, 1 the
 * run failed, 2 bad usage, 3 a worker that does not fit what is to be computed.
 */
export async function main(
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  let code = 0;
  try {
    await createProgram({ args, commandLine: commandLineOf(args), signal, fail: () => (code = 1) }).parseAsync(
      [...args],
      { from: 'user' },
    );
    return code;
  } catch (thrown) {
    const error = explain(thrown);
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof AdvrobError && error.code === 'ADVROB_ABORTED') {
      process.stderr.write('advrob: stopped; the same command goes on from here\n');
      return 130;
    }
    process.stderr.write(`${describeError(error)}\n`);
    return exitCodeOf(error);
  }
}
