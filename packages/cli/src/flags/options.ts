import { type Command, InvalidArgumentError, Option } from 'commander';
import { backendNames } from '../backend/select.js';

/** Flags of nearly every command. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly plugin: string[];
  readonly backend?: string;
  readonly threads?: number;
}

export const collect = (value: string, before: string[]): string[] => [...before, value];

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

export const json = new Option('--json', 'machine-readable output on standard output, nothing else there');
export const plugin = new Option(
  '--plugin <name>',
  'a package or a file (./x.js) that brings more parts; may be repeated',
)
  .argParser(collect)
  .default([]);
export const set = new Option(
  '--set <key=value>',
  'an option of a part: pgd.steps=40, or steps=40 for every attack that has it; may be repeated',
)
  .argParser(collect)
  .default([]);
export const seed = new Option('--seed <n>', 'of all random numbers').argParser(wholeNumber(0)).default(0);
export const norm = new Option('--norm <norm>', 'of the perturbation')
  .choices(['linf', 'l2', 'l1', 'l0'])
  .default('linf');
export const split = new Option('--split <split>', 'part of the data')
  .choices(['train', 'validation', 'test'])
  .default('test');
export const restarts = new Option('--restarts <n>', 'independent starts of each attack')
  .argParser(wholeNumber(1))
  .default(1);
export const loss = new Option('--loss <name>', "what attacks ascend, e.g. ce, margin, dlr; default: the attack's own");
export const outputs = new Option(
  '--outputs <kind>',
  'what the model gives, when it cannot be seen from its layers',
).choices(['logits', 'probabilities']);

/** Numbers with commas between, such as 0.49,0.48,0.45 or -1,1. */
export function numbers(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!values.every(Number.isFinite))
    throw new InvalidArgumentError('expected numbers with commas between, e.g. 0,255.');
  return values;
}

/** Flags that say what a network expects. */
export interface InputFlags {
  readonly inputRange?: number[];
  readonly mean?: number[];
  readonly std?: number[];
}

/** Adds the flags of {@link InputFlags}. */
export function withInput(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--input-range <low,high>',
        'what the network takes for black and white, e.g. 0,255, or --input-range=-1,1; default: the bounds of the data',
      )
        .argParser(numbers)
        .conflicts(['mean', 'std']),
    )
    .addOption(new Option('--mean <values>', 'subtracted from inputs, one or one per channel').argParser(numbers))
    .addOption(new Option('--std <values>', 'divides them afterwards').argParser(numbers));
}

/** What the flags say about the input of a model. */
export function inputOf({ inputRange, mean, std }: InputFlags): {
  range?: number[];
  mean?: number | number[];
  std?: number | number[];
} {
  const single = (values: number[]): number | number[] => (values.length === 1 ? values[0]! : values);
  return {
    ...(inputRange && { range: inputRange }),
    ...(mean && { mean: single(mean) }),
    ...(std && { std: single(std) }),
  };
}

export function withBackend(command: Command): Command {
  return command
    .addOption(new Option('--backend <name>', 'default: the fastest that works').choices(backendNames))
    .addOption(new Option('--threads <n>', 'of the backend').argParser(wholeNumber(1)));
}
