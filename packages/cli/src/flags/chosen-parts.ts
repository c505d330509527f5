import type { PluginKind, Registry } from '@advrob/core';
import type { Part } from '../config/schema.js';
import { applySettings, parseSetting, settable } from '../config/settings.js';

/** The flags that name a part, and where the registry has it. */
const partFlags = {
  dataset: 'datasets',
  architecture: 'models',
  trainer: 'trainers',
  objective: 'objectives',
  optimizer: 'optimizers',
  attack: 'attacks',
  certify: 'certifiers',
  analysis: 'analyses',
} as const satisfies Readonly<Record<string, PluginKind>>;
type PartFlag = keyof typeof partFlags;

/** What flags name: one part, or several of a flag that may be repeated. */
type NamedParts = Readonly<Partial<Record<PartFlag, string | readonly string[] | undefined>>>;

/**
 * The parts that a command's flags name, with the options that `--set` gives each: the same in
 * every command. `--set mnist.validation=1000` is for the part of that name, whichever it is; a
 * bare `--set steps=40` for the parts of the flags `bare` that have such an option.
 *
 * @param bare Default: all.
 * @throws AdvrobError `ADVROB_UNKNOWN_NAME` for a part that is not there, `ADVROB_USAGE` for a
 *   setting that no part takes.
 */
export function chooseParts(
  registry: Registry,
  named: NamedParts,
  set: readonly string[],
  bare: readonly PartFlag[] = Object.keys(partFlags) as PartFlag[],
): Record<PartFlag, Part[]> {
  const flags = Object.keys(partFlags) as PartFlag[];
  const chosen = flags.flatMap((flag) =>
    [named[flag] ?? []].flat().map((name) => ({ flag, ...settable(registry, partFlags[flag], name) })),
  );
  const filled = applySettings(chosen, set.map(parseSetting), ({ flag }) => bare.includes(flag));
  const of = (wanted: PartFlag): Part[] =>
    filled.filter(({ flag }) => flag === wanted).map(({ name, options }) => ({ name, options }));
  return Object.fromEntries(flags.map((flag) => [flag, of(flag)])) as Record<PartFlag, Part[]>;
}
