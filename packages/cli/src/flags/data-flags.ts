import type { Dataset, Registry } from '@advrob/core';
import type { Part } from '../config/schema.js';
import { firstOf, loadData } from '../experiment/load-data.js';
import { flag, wholeNumber, type Values } from './flag.js';

/** What a data set is when nobody names one. */
export const defaultDataset = 'mnist';

export const datasetFlag = flag('--dataset <name>', 'see: advrob list datasets', { default: defaultDataset });

/**
 * Which examples of the data set a command looks at, and options of parts. `bare`: see {@link
 * settingFlag}.
 */
export function exampleFlags(bare: string, take?: number) {
  return [
    flag('--split <split>', 'part of the data', { choices: ['train', 'validation', 'test'], default: 'test' }),
    flag('--take <n>', 'the first examples only', { read: wholeNumber(1), default: take }),
    settingFlag(bare),
  ] as const;
}

/**
 * `--set <key=value>` for the options of the parts that flags name. `bare` says what one without
 * the name of a part is for.
 */
export function settingFlag(bare: string) {
  return flag(
    '--set <key=value>',
    `an option of a part by its name: pgd.steps=40, cifar10.directory=data; without a name for ${bare}; may be repeated`,
    { repeated: true },
  );
}

/** The examples that the flags ask for. */
export async function examplesOf(
  registry: Registry,
  dataset: Part,
  { split, take }: Values<ReturnType<typeof exampleFlags>>,
): Promise<Dataset> {
  return firstOf((await loadData(registry, dataset))[split], take);
}
