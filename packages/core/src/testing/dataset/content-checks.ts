import { ensure } from '../check.js';
import type { DatasetCheck } from './drawn-examples.js';
import { drawExamples, ensureSameExamples, freeBatch } from './drawn-examples.js';

/** What a data set says about itself and whether its examples agree. */
export const contentChecks: Readonly<Record<string, DatasetCheck>> = {
  'describes itself': async ({ name, length, inputShape, numClasses, bounds, classNames, hash }) => {
    ensure(name.length > 0, 'expected a name');
    ensure(Number.isInteger(length) && length >= 0, `expected a whole length, got ${length}`);
    ensure(
      inputShape.length > 0 && inputShape.every((size) => Number.isInteger(size) && size > 0),
      `expected a shape of positive sizes, got [${inputShape.join(', ')}]`,
    );
    ensure(Number.isInteger(numClasses) && numClasses > 0, `expected at least one class, got ${numClasses}`);
    ensure(bounds[0] < bounds[1], `expected bounds [low, high], got [${bounds.join(', ')}]`);
    ensure(
      classNames === undefined || classNames.length === numClasses,
      `expected ${numClasses} class names, got ${classNames?.length}`,
    );
    ensure(/^[0-9a-f]{64}$/.test(hash), `expected a SHA-256 in hex, got '${hash}'`);
  },

  'gives every example once, in well-formed batches': async (dataset) => {
    const examples = await drawExamples(dataset, { size: 3 });
    ensure(examples.length === dataset.length, `expected ${dataset.length} examples, got ${examples.length}`);
  },

  'fills every batch but the last': async (dataset) => {
    const sizes: number[] = [];
    for await (const batch of dataset.batches({ size: 3 })) {
      sizes.push(batch.ids.length);
      freeBatch(batch);
    }
    const expected = Array.from({ length: Math.ceil(dataset.length / 3) }, (_, i) =>
      Math.min(3, dataset.length - 3 * i),
    );
    ensure(sizes.join() === expected.join(), `expected batch sizes ${expected.join()}, got ${sizes.join()}`);
  },

  'keeps inputs finite and inside its bounds': async (dataset) => {
    const [low, high] = dataset.bounds;
    for (const { id, pixels } of await drawExamples(dataset, { size: 16 })) {
      const wrong = pixels.find((value) => !(value >= low && value <= high));
      ensure(wrong === undefined, `expected inputs in [${low}, ${high}], got ${wrong} in example ${id}`);
    }
  },

  'keeps labels below the number of classes': async (dataset) => {
    for (const { id, label } of await drawExamples(dataset, { size: 16 }))
      ensure(
        Number.isInteger(label) && label >= 0 && label < dataset.numClasses,
        `expected a label from 0 to ${dataset.numClasses - 1}, got ${label} in example ${id}`,
      );
  },

  'gives each example an id of its own': async (dataset) => {
    const ids = (await drawExamples(dataset, { size: 16 })).map(({ id }) => id);
    ensure(new Set(ids).size === ids.length, 'expected ids to be unique');
    ensure(
      ids.every((id) => id >= 0),
      'expected ids to be at least 0',
    );
  },

  'made again, is the same': async (dataset, again) => {
    ensure(dataset.hash === again.hash, 'expected the same hash');
    ensureSameExamples(await drawExamples(again, { size: 5 }), await drawExamples(dataset, { size: 5 }), 'made again');
  },

  'gives the same examples for every batch size': async (dataset) => {
    const expected = await drawExamples(dataset, { size: dataset.length, seed: 1 });
    for (const size of [1, 5, dataset.length + 1])
      ensureSameExamples(await drawExamples(dataset, { size, seed: 1 }), expected, `batch size ${size}`);
  },
};
