import { AdvrobError, type Dataset, type Registry, type Splits } from '@advrob/core';
import { part, type Part } from '../config/part-schema.js';
import { makePart, markedOptions } from './parts.js';

/** Data sets inside of one another; deeper ones are a mistake. */
const deepest = 8;

/**
 * The data set that a config names. Options that are data sets themselves, marked `advrob:
 * 'dataset'` in the JSON Schema, are named in the same way.
 *
 * @throws AdvrobError as the factories do; `ADVROB_OPTION` for what names no data set.
 */
export async function loadData(registry: Registry, { name, options }: Part, depth = 0): Promise<Splits> {
  if (depth > deepest)
    throw new AdvrobError('ADVROB_OPTION', `dataset '${name}': data sets are nested more than ${deepest} deep`);
  const resolved: Record<string, unknown> = { ...options };
  for (const [key, { what }] of markedOptions(registry, 'datasets', name)) {
    if (what !== 'dataset') continue;
    const inner = part.safeParse(options[key]);
    if (!inner.success)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `dataset '${name}': ${key}: expected the name of a data set, or { name, options }, got ${JSON.stringify(options[key]) ?? 'nothing'}; ` +
          `on the command line --set '${name}.${key}=mnist' or --set '${name}.${key}={name: cifar10, options: {directory: ...}}'`,
      );
    resolved[key] = await loadData(registry, inner.data, depth + 1);
  }
  return makePart(registry, 'datasets', { name, options: resolved });
}

/** @throws AdvrobError `ADVROB_DATA_EMPTY` when there is nothing to train on. */
export function checkTrainable({ train, test }: Splits): void {
  if (train.length > 0) return;
  throw new AdvrobError(
    'ADVROB_DATA_EMPTY',
    `data set '${test.name}' has a test part alone, which is enough to evaluate: to train, give it its training part too`,
  );
}

/** The first `take` examples; all of them where nothing is said. */
export function firstOf(data: Dataset, take: number | undefined): Dataset {
  return take === undefined ? data : data.take(take);
}
