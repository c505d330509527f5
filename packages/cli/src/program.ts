import { AdvrobError } from '@advrob/core';
import type { Registry } from '@advrob/core';
import { Command, CommanderError, Option } from 'commander';
import { createRequire } from 'node:module';
import { selectBackend } from './backend/select.js';
import type { BackendChoice } from './backend/select.js';
import {
  collect,
  json,
  loss,
  norm,
  plugin,
  positive,
  restarts,
  seed,
  wholeNumber,
  withBackend,
} from './flags/common-flags.js';
import type { CommonFlags } from './flags/common-flags.js';
import { dataset, setting, withData } from './flags/data-flags.js';
import { withModel } from './flags/model-flags.js';
import { analyzeCommand } from './commands/analyze.js';
import type { AnalyzeFlags } from './commands/analyze.js';
import { attackCommand } from './commands/attack.js';
import type { AttackFlags } from './commands/attack.js';
import { doctor } from './commands/doctor.js';
import { describeError, exitCodeOf, explain } from './output/errors.js';
import { evaluateCommand } from './commands/evaluate.js';
import type { EvaluateFlags } from './commands/evaluate.js';
import { list } from './commands/list.js';
import { compareCommand } from './commands/compare.js';
import type { CompareFlags } from './commands/compare.js';
import { reportCommand } from './commands/report.js';
import type { ReportFlags } from './commands/report.js';
import { runCommand } from './commands/run.js';
import type { RunFlags } from './commands/run.js';
import { trainCommand } from './commands/train.js';
import type { TrainFlags } from './commands/train.js';
import { terminalOutput } from './output/terminal.js';
import type { Output } from './output/terminal.js';
import { loadRegistry } from './plugins/load.js';

/** Builds the command line. `finish` is told the exit code of a command that fails without an error of its own. */
function createProgram(commandLine: string, signal: AbortSignal, finish: (code: number) => void): Command {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const program = new Command('advrob')
    .description('Measure and improve the adversarial robustness of neural networks.')
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });

  const ready = async (flags: CommonFlags): Promise<{ output: Output; registry: Registry; backend: BackendChoice }> => {
    const output = terminalOutput(flags.json === true);
    const registry = await loadRegistry(flags.plugin, { say: (line) => output.line(line) });
    const backend = await selectBackend(flags.backend, flags.threads === undefined ? {} : { threads: flags.threads });
    return { output, registry, backend };
  };

  program
    .command('run <config>')
    .description('do everything that a config file asks for; started again, it goes on where it was stopped')
    .addOption(
      new Option('--set <key=value>', 'replaces a value of the config, e.g. training.steps=100')
        .argParser(collect)
        .default([]),
    )
    .option('--out <folder>', 'default: runs/<name of the experiment>')
    .addOption(json)
    .action(async (config: string, flags: RunFlags & CommonFlags) => {
      const isMet = await runCommand(config, flags, commandLine, terminalOutput(flags.json === true), signal);
      if (!isMet) finish(1);
    });

  withBackend(program.command('train'))
    .description('train one model')
    .requiredOption('--architecture <name>', 'see: advrob list models')
    .addOption(dataset())
    .option('--trainer <name>', 'a named recipe, see: advrob list trainers; other flags override its parts')
    .option('--objective <name>', "see: advrob list objectives; default: the trainer's, else erm")
    .option('--optimizer <name>', "see: advrob list optimizers; default: the trainer's, else sgd with momentum")
    .option('--attack <name>', 'the inner maximisation of robust objectives')
    .option('--teacher <path>', 'of kd: a safetensors file, or a folder with a tfjs model.json')
    .addOption(norm)
    .option('--epsilon <radius>', 'to train against, e.g. 0.3 or 8/255')
    .addOption(new Option('--epochs <n>', 'passes over the data').argParser(positive))
    .addOption(new Option('--steps <n>', 'instead of epochs').argParser(wholeNumber(1)).conflicts('epochs'))
    .addOption(new Option('--batch-size <n>').argParser(wholeNumber(1)).default(128))
    .addOption(new Option('--learning-rate <rate>', "default: the trainer's, else 0.01").argParser(positive))
    .addOption(new Option('--take <n>', 'the first training examples only').argParser(wholeNumber(1)))
    .option('--tensorboard', 'writes an event file for TensorBoard too')
    .addOption(setting('every part that has it'))
    .addOption(seed)
    .addOption(plugin)
    .requiredOption('--out <folder>', 'for weights, checkpoints and the log')
    .addOption(json)
    .action(async (flags: TrainFlags & CommonFlags) => {
      const { registry, output } = await ready(flags);
      await trainCommand(flags, registry, output, signal);
    });

  withData(withModel(withBackend(program.command('attack'))), { bare: 'the attack', take: 100 })
    .description('craft adversarial examples and save them')
    .requiredOption('--attack <name>', 'see: advrob list attacks')
    .addOption(norm)
    .requiredOption('--epsilon <radius>', 'e.g. 0.3 or 8/255; inf for an attack that looks for a minimal norm')
    .addOption(restarts)
    .addOption(loss)
    .addOption(seed)
    .addOption(plugin)
    .requiredOption('--out <folder>', 'for adversarial.safetensors')
    .addOption(json)
    .action(async (flags: AttackFlags & CommonFlags) => {
      const { registry, output } = await ready(flags);
      await attackCommand(flags, registry, output, signal);
    });

  withData(withModel(withBackend(program.command('evaluate'))), { bare: 'every attack that has it' })
    .description('measure clean and robust accuracy of any model')
    .requiredOption('--attack <name>', 'see: advrob list attacks; may be repeated', collect, [])
    .addOption(norm)
    .requiredOption('--epsilon <radius>', 'e.g. 0.3, 8/255, a list 2/255,4/255; inf for a minimal norm')
    .addOption(restarts)
    .addOption(loss)
    .addOption(new Option('--batch-size <n>').argParser(wholeNumber(1)).default(100))
    .option('--checks', 'looks for signs that the robust accuracy is too good to be true')
    .option('--save-adversarial', 'saves adversarial examples and judges them again as loaded, also in 8 bits')
    .addOption(seed)
    .addOption(plugin)
    .requiredOption(
      '--out <folder>',
      'for record.json and examples.jsonl; started again, it goes on where it was stopped',
    )
    .addOption(json)
    .action(async (flags: EvaluateFlags & CommonFlags) => {
      if (flags.attack.length === 0)
        throw new AdvrobError('ADVROB_USAGE', '--attack: name at least one; see: advrob list attacks');
      const { registry, output } = await ready(flags);
      await evaluateCommand(flags, registry, commandLine, output, signal);
    });

  withData(withModel(withBackend(program.command('analyze <analysis>')), { roles: true }), {
    bare: 'the analysis',
    optional: true,
  })
    .description('look at saved models by an analysis, see: advrob list analyses')
    .addOption(norm)
    .option('--epsilon <radius>', 'of attacks inside the analysis, e.g. 0.3 or 8/255')
    .addOption(seed)
    .addOption(plugin)
    .requiredOption('--out <folder>', 'for record.json and the page; started again, it goes on where it was stopped')
    .addOption(json)
    .action(async (name: string, flags: AnalyzeFlags & CommonFlags) => {
      await analyzeCommand(name, flags, { ...(await ready(flags)), command: commandLine, signal });
    });

  program
    .command('list [kind]')
    .description('what is installed, with options, ranges, defaults and papers')
    .addOption(plugin)
    .addOption(json)
    .action(async (kind: string | undefined, flags: CommonFlags) => {
      const output = terminalOutput(flags.json === true);
      list(await loadRegistry(flags.plugin, { say: (line) => output.line(line) }), kind, output);
    });

  program
    .command('report <folder>')
    .description('make the page of a run anew from its record, or write result cards')
    .option('--card', 'writes card.json, a row of a leaderboard, instead of the page')
    .option('--model <name>', 'with --card: this model alone')
    .addOption(new Option('--norm <norm>', 'with --card: default that of the first attack').choices(norm.argChoices!))
    .option('--epsilon <radius>', 'with --card: default the largest')
    .addOption(json)
    .action(async (folder: string, flags: ReportFlags & CommonFlags) =>
      reportCommand(folder, flags, terminalOutput(flags.json === true)),
    );

  program
    .command('compare <folders...>')
    .description('every model of finished runs against one of them, on the same examples')
    .option('--baseline <name>', 'default: the first model of the first folder')
    .option('--out <folder>', 'for a page over all of them and compare.json')
    .addOption(json)
    .action(async (folders: string[], flags: CompareFlags & CommonFlags) =>
      compareCommand(folders, flags, terminalOutput(flags.json === true)),
    );

  program
    .command('doctor')
    .description('backends found, a self-test of each, versions, several copies of tfjs')
    .addOption(json)
    .action(async (flags: CommonFlags) => {
      const works = await doctor(terminalOutput(flags.json === true));
      if (!works) finish(1);
    });
  return program;
}

/** Runs one command line (without `node` and the script) and returns the exit code: 0 done, 1 the run failed, 2 bad usage. */
export async function main(
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  let code = 0;
  const commandLine = ['advrob', ...args]
    .map((arg) => (/^[\w./=,:@-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
    .join(' ');
  try {
    await createProgram(commandLine, signal, (failed) => (code = failed)).parseAsync([...args], { from: 'user' });
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
