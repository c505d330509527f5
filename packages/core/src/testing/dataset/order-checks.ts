import { ensure } from '../check.js';
import type { DatasetCheck, DrawnExample } from './drawn-examples.js';
import { byId, drawExamples, ensureSameExamples, freeBatch } from './drawn-examples.js';

/** In which order examples come, and where a pass can be taken up again. */
export const orderChecks: Readonly<Record<string, DatasetCheck>> = {
  'keeps data-set order without a seed': async (dataset) => {
    const first = await drawExamples(dataset, { size: 4 });
    ensureSameExamples(await drawExamples(dataset, { size: 4, epoch: 3 }), first, 'another epoch without a seed');
  },

  'shuffles by seed and epoch alone': async (dataset, again) => {
    const draw = (from: typeof dataset, seed: number, epoch: number) => drawExamples(from, { size: 4, seed, epoch });
    const plain = await drawExamples(dataset, { size: 4 });
    const shuffled = await draw(dataset, 7, 2);
    ensureSameExamples(await draw(again, 7, 2), shuffled, 'the same seed and epoch');
    ensureSameExamples(byId(shuffled), byId(plain), 'shuffled, the same examples');
    const orders = [plain, shuffled, await draw(dataset, 7, 3), await draw(dataset, 8, 2)].map(idsOf);
    ensure(new Set(orders).size === orders.length, 'expected other orders for other seeds and epochs');
  },

  'takes epoch 0 when none is named': async (dataset) => {
    const named = await drawExamples(dataset, { size: 4, seed: 7, epoch: 0 });
    ensureSameExamples(await drawExamples(dataset, { size: 4, seed: 7 }), named, 'no epoch');
  },

  'goes on from any place in the order': async (dataset) => {
    for (const options of [{ size: 3 }, { size: 3, seed: 7, epoch: 1 }]) {
      const whole = await drawExamples(dataset, options);
      for (const from of [0, 1, 3, 6, dataset.length])
        ensureSameExamples(await drawExamples(dataset, { ...options, from }), whole.slice(from), `from ${from}`);
    }
  },

  'leaves out a last batch that is not full, when asked': async (dataset) => {
    for (const size of [1, 3, 5, dataset.length, dataset.length + 1]) {
      const whole = await drawExamples(dataset, { size, seed: 7 });
      const kept = Math.floor(dataset.length / size) * size;
      const full = await drawExamples(dataset, { size, seed: 7, dropLast: true });
      ensureSameExamples(full, whole.slice(0, kept), `dropLast with size ${size}`);
    }
  },

  'can be read twice at once': async (dataset) => {
    const expected = await drawExamples(dataset, { size: 2, seed: 7 });
    const batches = dataset.batches({ size: 2, seed: 7 });
    const readIds = async () => {
      const ids: number[] = [];
      for await (const batch of batches) {
        ids.push(...batch.ids);
        await batch.x.data();
        freeBatch(batch);
      }
      return ids.join();
    };
    for (const ids of await Promise.all([readIds(), readIds()]))
      ensure(ids === idsOf(expected), 'expected two readers of one pass not to disturb each other');
  },
};

function idsOf(examples: readonly DrawnExample[]): string {
  return examples.map(({ id }) => id).join();
}
