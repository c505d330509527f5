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
export const seed = new Option('--seed <n>', 'of all random numbers').argParser(wholeNumber(0)).default(0);
export const norm = new Option('--norm <norm>', 'of the perturbation')
  .choices(['linf', 'l2', 'l1', 'l0'])
  .default('linf');
export const restarts = new Option('--restarts <n>', 'independent starts of each attack')
  .argParser(wholeNumber(1))
  .default(1);
export const loss = new Option('--loss <name>', "what attacks ascend, e.g. ce, margin, dlr; default: the attack's own");

export function withBackend(command: Command): Command {
  return command
    .addOption(new Option('--backend <name>', 'default: the fastest that works').choices(backendNames))
    .addOption(new Option('--threads <n>', 'of the backend').argParser(wholeNumber(1)));
}
