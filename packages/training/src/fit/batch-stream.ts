import { AdvrobError, type Batch, type Dataset, type Extras } from '@advrob/core';
import type { Settings } from './settings.js';

/** The batches of a run by their number, pass after pass. */
export interface BatchStream<E extends Extras> {
  /** Cheapest when asked in order; any other number starts the iteration anew at that place. The batch is the caller's to dispose. */
  batchAt(draw: number): Promise<Batch<E>>;
  close(): Promise<void>;
}

/** The order of a pass depends on the seed and the number of the pass alone, so that a place in it can be found again. */
export function openBatches<E extends Extras>(data: Dataset<E>, settings: Settings): BatchStream<E> {
  const { batchSize: size, dropLast, seed, batchesPerEpoch } = settings;
  let iterator: AsyncIterator<Batch<E>> | undefined;
  let next = -1;

  const close = async (): Promise<void> => {
    const open = iterator;
    iterator = undefined;
    await open?.return?.();
  };
  return {
    close,
    async batchAt(draw) {
      const epoch = Math.floor(draw / batchesPerEpoch);
      const position = draw % batchesPerEpoch;
      if (draw !== next || position === 0 || !iterator) {
        await close();
        const batches = data.batches({ size, seed, epoch, from: position * size, dropLast });
        iterator = batches[Symbol.asyncIterator]();
      }
      next = draw + 1;
      const { done, value } = await iterator.next();
      if (!done) return value;
      throw new AdvrobError(
        'ADVROB_DATASET',
        `data set '${data.name}' ended after ${position} of ${batchesPerEpoch} batches of pass ${epoch}: its length says ${data.length} examples`,
      );
    },
  };
}
