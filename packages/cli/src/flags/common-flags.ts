import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { AdvrobError } from '@advrob/core';
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

/**
 * Reads epsilons as people write them: `0.3`, `8/255`, a list `2/255,4/255,8/255`; `inf` for attacks that look for a minimal norm.
 *
 * @throws AdvrobError `ADVROB_USAGE` for anything else.
 */
export function parseEpsilons(text: string): number[] {
  return text.split(',').map((part) => (/^\s*inf(inity)?\s*$/i.test(part) ? Infinity : parseFinite(part.trim(), text)));
}

/** Reads one finite epsilon. @throws AdvrobError `ADVROB_USAGE` */
export function parseEpsilon(text: string): number {
  return parseFinite(text.trim(), text);
}

function parseFinite(text: string, whole: string): number {
  const [, above, below = '1'] = /^(\d*\.?\d+(?:e[+-]?\d+)?)(?:\s*\/\s*(\d*\.?\d+))?$/i.exec(text) ?? [];
  const value = Number(above) / Number(below);
  if (above === undefined || !Number.isFinite(value) || value <= 0)
    throw new AdvrobError(
      'ADVROB_USAGE',
      `epsilon: expected a number above 0 such as 0.3 or 8/255, or a list with commas, got '${whole}'`,
    );
  return value;
}
