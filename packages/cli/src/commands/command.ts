import { AdvrobError, didYouMean, type Registry } from '@advrob/core';
import { sha256 } from '@advrob/core/sha256';
import { Command, CommanderError } from 'commander';
import { join } from 'node:path';
import { selectBackend, type BackendChoice } from '../backend/select.js';
import { jsonFlag, type backendFlags, type pluginFlag } from '../flags/common-flags.js';
import type { AnyFlag, Values } from '../flags/flag.js';
import { terminalOutput, type Output } from '../output/terminal.js';
import { loadRegistry } from '../plugins/load.js';

/** One call of the program. */
export interface Call {
  /** What stands behind `advrob`. */
  readonly args: readonly string[];
  /** As it was typed. */
  readonly commandLine: string;
  readonly signal: AbortSignal;
  /** The command did its work, and what was asked does not hold: the program ends with 1. */
  fail(): void;
}

/** What stands behind the name of a command. */
type Operands<Usage extends string> = Usage extends `${string} <${string}...>`
  ? [string[]]
  : Usage extends `${string} <${string}>`
    ? [string]
    : Usage extends `${string} [${string}]`
      ? [string | undefined]
      : [];

/**
 * Adds a command to the program.
 *
 * @param usage - Its name, and what stands behind it: `run <config>`, `list [kind]`, `compare
 *   <folders...>`.
 * @param flags - In the order of the help.
 * @param run - Called with what stands behind the name, and the values of the flags.
 * @param examples - Command lines that work, without `advrob`; they end the help.
 */
export function addCommand<const Usage extends string, const Flags extends readonly AnyFlag[]>(
  program: Command,
  usage: Usage,
  description: string,
  flags: Flags,
  run: (...given: [...Operands<Usage>, Values<Flags>]) => void | Promise<void>,
  examples: readonly string[] = [],
): void {
  const command = program.command(usage).description(description);
  for (const flag of flags) command.addOption(flag);
  refuseUnknownFirst(command, flags);
  if (examples.length > 0)
    command.addHelpText('after', () => `\nExamples:\n${examples.map((line) => `  advrob ${line}`).join('\n')}`);
  command.action(run as (...given: unknown[]) => void | Promise<void>);
}

/**
 * The values of flags in a list of arguments that another process was started with.
 *
 * @throws AdvrobError `ADVROB_USAGE` for what is no such list.
 */
export function readFlags<const Flags extends readonly AnyFlag[]>(
  flags: Flags,
  args: readonly string[],
): Values<Flags> {
  const silent = { writeErr: () => undefined, writeOut: () => undefined };
  const command = new Command().exitOverride().configureOutput(silent);
  for (const flag of flags) command.addOption(flag);
  try {
    return command.parse([...args], { from: 'user' }).opts();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new AdvrobError('ADVROB_USAGE', error.message.replace(/^error: /, ''), { cause: error });
  }
}

/** A command line as a shell takes it. */
export function commandLineOf(args: readonly string[]): string {
  return ['advrob', ...args]
    .map((arg) => (/^[\w./=,:@-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

/**
 * The folder of a command that was given none: `runs/`, what it is about, and what else was asked
 * for as six digits, so that the same command goes on in the same folder and another one does not.
 */
export function defaultFolder(about: string, args: readonly string[]): string {
  const digits = sha256(JSON.stringify(args.filter((arg) => arg !== jsonFlag.long))).slice(0, 6);
  return join('runs', `${about.replace(/[^\w.-]+/g, '-')}-${digits}`);
}

/** Arguments without some flags and their values. */
export function withoutFlags(args: readonly string[], flags: readonly AnyFlag[]): string[] {
  const named = (arg: string | undefined): AnyFlag | undefined => flags.find(({ long }) => arg === long);
  return args.filter(
    (arg, i) => !named(arg) && !named(args[i - 1])?.required && !flags.some(({ long }) => arg.startsWith(`${long}=`)),
  );
}

/**
 * Makes a command speak of misspelt flags before missing ones, which they often are, and of all of
 * them at once.
 */
function refuseUnknownFirst(command: Command, flags: readonly AnyFlag[]): void {
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (args) => {
    const parsed = parse(args);
    const unknown = parsed.unknown.filter((arg) => /^--?[a-z]/i.test(arg)).map((arg) => arg.split('=')[0]!);
    if (unknown.length === 0 || parsed.unknown.some((arg) => arg === '--help' || arg === '-h')) return parsed;
    const known = flags.map(({ long }) => long!);
    const lines = unknown.map(
      (name) => `no flag ${name}: ${didYouMean(name, known, `see: advrob ${command.name()} --help`)}`,
    );
    throw new AdvrobError('ADVROB_USAGE', lines.join('\n'));
  };
}

/**
 * Opens what the common flags ask for: where a command writes, the parts that there are, the
 * backend.
 */
export async function ready(
  flags: Values<[typeof jsonFlag, typeof pluginFlag, ...typeof backendFlags]>,
): Promise<{ output: Output; registry: Registry; backend: BackendChoice }> {
  const output = terminalOutput(flags.json);
  const registry = await openRegistry(flags.plugin, output);
  const backend = await selectBackend(flags.backend, { threads: flags.threads });
  return { output, registry, backend };
}

/**
 * The built-in parts and those of plugins, which the user is told of. `from`: where plugins are
 * looked up.
 */
export function openRegistry(plugins: readonly string[], output: Output, from?: string): Promise<Registry> {
  return loadRegistry(plugins, { from, say: (line) => output.line(line) });
}
