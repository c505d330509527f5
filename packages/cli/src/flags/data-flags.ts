import type { Dataset, Registry } from '@advrob/core';
import { type Command, Option } from 'commander';
import type { Part } from '../config/schema.js';
import { loadData } from '../experiment/load-data.js';
import { collect, wholeNumber } from './common-flags.js';

/** Flags that say which examples a command looks at. Options of the data set come with `--set <data set>.<key>=<value>`. */
export interface DataFlags {
  /** Left out only where a command does without data. */
  readonly dataset?: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly take?: number;
  readonly set: readonly string[];
}

/** What a data set is when nobody names one. */
export const defaultDataset = 'mnist';

/** `--dataset <name>`. */
export function dataset(): Option {
  return new Option('--dataset <name>', 'see: advrob list datasets').default(defaultDataset);
}

/** Adds the flags of {@link DataFlags}. `bare` says what a `--set` without the name of a part is for. */
export function withData(
  command: Command,
  { bare, take, optional = false }: { readonly bare: string; readonly take?: number; readonly optional?: boolean },
): Command {
  const open = new Option('--dataset <name>', `default: ${defaultDataset} where the analysis looks at models`);
  return command
    .addOption(optional ? open : dataset())
    .addOption(
      new Option('--split <split>', 'part of the data').choices(['train', 'validation', 'test']).default('test'),
    )
    .addOption(new Option('--take <n>', 'the first examples only').argParser(wholeNumber(1)).default(take))
    .addOption(setting(bare));
}

/** `--set <key=value>` for the options of the parts that flags name. */
export function setting(bare: string): Option {
  return new Option(
    '--set <key=value>',
    `an option of a part by its name: pgd.steps=40, cifar10.directory=data; without a name for ${bare}; may be repeated`,
  )
    .argParser(collect)
    .default([]);
}

/** The examples that the flags ask for. */
export async function examplesOf(registry: Registry, dataset: Part, { split, take }: DataFlags): Promise<Dataset> {
  const examples = (await loadData(registry, dataset))[split];
  return take === undefined ? examples : examples.take(take);
}
