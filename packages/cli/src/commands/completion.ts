import { AdvrobError, type PluginKind } from '@advrob/core';
import type { Command } from 'commander';
import { terminalOutput } from '../output/terminal.js';
import { addCommand, openRegistry } from './command.js';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** `advrob completion <shell>`: a script that completes commands, flags and names of parts. */
export function register(program: Command): void {
  addCommand(
    program,
    'completion <shell>',
    'a script that completes commands, flags and values; for bash, zsh and fish',
    [],
    async (shell) => {
      if (!(shells as readonly string[]).includes(shell))
        throw new AdvrobError('ADVROB_USAGE', `no shell '${shell}'; there are ${shells.join(', ')}`);
      const output = terminalOutput();
      const words = wordsOf(program, await namesOfParts());
      output.line(scripts[shell as Shell](words));
    },
    [
      'completion bash > ~/.local/share/bash-completion/completions/advrob',
      'completion zsh > "${fpath[1]}/_advrob"',
      'completion fish > ~/.config/fish/completions/advrob.fish',
    ],
  );
}

/** What can be typed behind a command. */
interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly FlagWords[];
}

interface FlagWords {
  readonly long: string;
  readonly description: string;
  /** Whether a value follows it. */
  readonly takesValue: boolean;
  /** The values that there are; none where it is a file, or anything. */
  readonly values: readonly string[];
}

/** Flags whose values are parts, by the kind that `advrob list` calls them. */
const kindOfFlag: Readonly<Record<string, PluginKind>> = {
  '--attack': 'attacks',
  '--dataset': 'datasets',
  '--architecture': 'models',
  '--trainer': 'trainers',
  '--objective': 'objectives',
  '--optimizer': 'optimizers',
  '--transform': 'transforms',
  '--averager': 'averagers',
  '--augmentation': 'augmentations',
  '--certify': 'certifiers',
};

async function namesOfParts(): Promise<ReadonlyMap<PluginKind, readonly string[]>> {
  const registry = await openRegistry([], terminalOutput(true));
  const names = new Map<PluginKind, string[]>();
  for (const { kind, name } of registry.list()) names.set(kind, [...(names.get(kind) ?? []), name]);
  return names;
}

function wordsOf(program: Command, parts: ReadonlyMap<PluginKind, readonly string[]>): CommandWords[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    flags: command.options.map(({ long, description, argChoices, required, optional }) => ({
      long: long!,
      description,
      takesValue: required || optional,
      values: argChoices ?? parts.get(kindOfFlag[long!]!) ?? [],
    })),
  }));
}

const scripts: Readonly<Record<Shell, (commands: readonly CommandWords[]) => string>> = {
  bash: bashScript,
  // Zsh runs completions written for bash.
  zsh: (commands) =>
    ['#compdef advrob', 'autoload -U +X bashcompinit && bashcompinit', bashScript(commands)].join('\n'),
  fish: fishScript,
};

function bashScript(commands: readonly CommandWords[]): string {
  const ofCommand = ({ name, flags }: CommandWords): string[] => [
    `    ${name})`,
    '      case "$before" in',
    ...flags
      .filter(({ values }) => values.length > 0)
      .map(({ long, values }) => `        ${long}) words="${values.join(' ')}" ;;`),
    ...flags
      .filter(({ takesValue, values }) => takesValue && values.length === 0)
      .map(({ long }) => `        ${long}) words="" ;;`),
    `        *) words="${flags.map(({ long }) => long).join(' ')}" ;;`,
    '      esac ;;',
  ];
  return [
    '# Completion of advrob: made by advrob completion',
    '_advrob() {',
    '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" words=""',
    '  case "${COMP_WORDS[1]}" in',
    ...commands.flatMap(ofCommand),
    '  esac',
    `  [ "$COMP_CWORD" -eq 1 ] && words="${commands.map(({ name }) => name).join(' ')}"`,
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    'complete -o default -F _advrob advrob',
  ].join('\n');
}

function fishScript(commands: readonly CommandWords[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const ofFlag = (command: string, { long, description, takesValue, values }: FlagWords): string =>
    [
      `complete -c advrob -n '__fish_seen_subcommand_from ${command}' -l ${long.slice(2)} -d ${quoted(description)}`,
      ...(values.length > 0 ? [`-x -a ${quoted(values.join(' '))}`] : takesValue ? ['-r'] : []),
    ].join(' ');
  return [
    '# Completion of advrob: made by advrob completion',
    ...commands.flatMap(({ name, description, flags }) => [
      `complete -c advrob -f -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
      ...flags.map((flag) => ofFlag(name, flag)),
    ]),
  ].join('\n');
}
