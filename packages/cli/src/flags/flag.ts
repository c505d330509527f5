import { InvalidArgumentError, Option } from 'commander';

/**
 * How a flag is read. Without any of it a flag with `<value>` is text, one without is true where it
 * is given.
 */
interface FlagSettings<Value> {
  /**
   * Makes the value out of the text. @throws InvalidArgumentError of commander, with a sentence.
   */
  readonly read?: (text: string) => Value;
  readonly choices?: readonly Value[];
  /** May be given several times; the values are collected. */
  readonly repeated?: true;
  readonly default?: Value | undefined;
  readonly required?: true;
  /** Flags that cannot be given beside it, by the names of their values. */
  readonly conflicts?: string | string[];
}

/** A flag of the command line; the compiler knows the name and the type of its value. */
export class Flag<Name extends string, Value> extends Option {
  declare readonly valueName: Name;
  declare readonly value: Value;
}

/** Any flag. */
export type AnyFlag = Flag<string, unknown>;

/** What a command gets of its flags: the values by their names. */
export type Values<Flags extends readonly AnyFlag[]> = {
  readonly [Each in Flags[number] as Each['valueName']]: Each['value'];
};

type Camel<Text extends string> = Text extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Text;
type NameOf<Usage extends string> = Usage extends `--${infer Name} <${string}`
  ? Camel<Name>
  : Usage extends `--${infer Name}`
    ? Camel<Name>
    : never;
type One<Usage, Settings> = Settings extends { read: (text: string) => infer Read }
  ? Read
  : Settings extends { choices: readonly (infer Choice)[] }
    ? Choice
    : Usage extends `${string}<${string}`
      ? string
      : boolean;
type ValueOf<Usage, Settings> = Settings extends { repeated: true }
  ? readonly One<Usage, Settings>[]
  : Settings extends { default: string | number } | { required: true }
    ? One<Usage, Settings>
    : One<Usage, Settings> | undefined;

/**
 * Declares a flag. The one place where it is written: help, reading and the type of the value
 * follow from it.
 *
 * @param usage - `--batch-size <n>`, whose value is then `batchSize`; `--checks` for one that is
 *   given or not.
 */
export function flag<const Usage extends `--${string}`, const Settings extends FlagSettings<unknown> = object>(
  usage: Usage,
  description?: string,
  settings: Settings = {} as Settings,
): Flag<NameOf<Usage>, ValueOf<Usage, Settings>> {
  const { read, choices, repeated, required, conflicts = [], default: fallback }: FlagSettings<unknown> = settings;
  const option = new Flag<NameOf<Usage>, ValueOf<Usage, Settings>>(usage, description);
  option.makeOptionMandatory(required ?? false);
  option.conflicts(conflicts).default(fallback);
  if (read) option.argParser(read);
  if (choices) option.choices(choices as readonly string[]);
  if (repeated) option.argParser((text, before: string[]) => [...before, text]).default([]);
  return option;
}

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`expected a whole number of at least ${least}.`);
    return value;
  };
}

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number above 0.');
  return value;
}

/** Numbers with commas between, such as 0.49,0.48,0.45 or -1,1. */
export function numbers(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!values.every(Number.isFinite))
    throw new InvalidArgumentError('expected numbers with commas between, e.g. 0,255.');
  return values;
}
