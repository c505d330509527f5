import type { Dataset } from '../contract/index.js';
import { ensure } from './check.js';
import type { Check } from './check.js';
import { contentChecks } from './dataset/content-checks.js';
import { memoryChecks } from './dataset/memory-checks.js';
import { orderChecks } from './dataset/order-checks.js';
import { selectionChecks } from './dataset/selection-checks.js';
import type { DatasetCheck } from './dataset/drawn-examples.js';

/**
 * Everything a data set must fulfil, as checks that any test runner can call: shapes, types and
 * ranges, one id per example, determinism, order by (seed, epoch), resuming with `from`,
 * `dropLast`, subsets, extras, refusals and no leaked tensors.
 *
 * @param makeDataset Makes the data set anew, with at least 8 examples; give it a small part (a
 *   few hundred), because it is read many times.
 * @example
 * ```ts
 * import { datasetContract } from '@advrob/core/testing';
 * for (const { name, run } of datasetContract(() => myDataset())) test(name, run);
 * ```
 */
export function datasetContract(makeDataset: () => Dataset | Promise<Dataset>): readonly Check[] {
  const checks: Readonly<Record<string, DatasetCheck>> = {
    ...contentChecks,
    ...orderChecks,
    ...selectionChecks,
    ...memoryChecks,
  };
  return Object.entries(checks).map(([name, check]) => ({
    name,
    async run() {
      const dataset = await makeDataset();
      ensure(dataset.length >= 8, `the suite needs at least 8 examples, got ${dataset.length}`);
      await check(dataset, await makeDataset());
    },
  }));
}
