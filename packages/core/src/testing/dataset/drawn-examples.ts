import type { Batch, BatchOptions, Dataset, Extras } from '../../contract/index.js';
import { ensure } from '../check.js';

/** One question to a data set; `again` is the same data set made a second time. */
export type DatasetCheck = (dataset: Dataset, again: Dataset) => Promise<void>;

/** One example as plain values. */
export interface DrawnExample {
  readonly id: number;
  readonly label: number;
  readonly pixels: Float32Array;
  readonly extras: Readonly<Record<string, number>>;
}

/**
 * Reads batches until the end and frees them, checking on the way that each is well formed: x
 * float32 [n, ...inputShape], y int32 [n], n ids. Extras are read as one number per example.
 */
export async function drawExamples<E extends Extras>(
  dataset: Dataset<E>,
  options: BatchOptions,
): Promise<DrawnExample[]> {
  const examples: DrawnExample[] = [];
  for await (const batch of dataset.batches(options)) {
    const { x, y, ids, extras } = batch;
    const shape = [ids.length, ...dataset.inputShape].join();
    ensure(ids instanceof Int32Array && ids.length > 0, 'expected ids to be a non-empty Int32Array');
    ensure(
      x.dtype === 'float32' && x.shape.join() === shape,
      `expected x float32 [${shape}], got ${x.dtype} [${x.shape.join()}]`,
    );
    ensure(
      y.dtype === 'int32' && y.shape.join() === `${ids.length}`,
      `expected y int32 [${ids.length}], got ${y.dtype} [${y.shape.join()}]`,
    );
    const pixels = await x.data<'float32'>();
    const labels = await y.data<'int32'>();
    const extraValues = await Promise.all(
      Object.entries(extras).map(async ([name, tensor]) => [name, await tensor.data()] as const),
    );
    const perExample = pixels.length / ids.length;
    ids.forEach((id, row) =>
      examples.push({
        id,
        label: labels[row]!,
        pixels: pixels.slice(row * perExample, (row + 1) * perExample),
        extras: Object.fromEntries(extraValues.map(([name, values]) => [name, values[row]!])),
      }),
    );
    freeBatch(batch);
  }
  return examples;
}

/** Frees every tensor of a batch. */
export function freeBatch<E extends Extras>({ x, y, extras }: Batch<E>): void {
  for (const tensor of [x, y, ...Object.values(extras)]) tensor.dispose();
}

/** Fails unless both lists hold the same examples, bit for bit, in the same order. */
export function ensureSameExamples(
  found: readonly DrawnExample[],
  expected: readonly DrawnExample[],
  what: string,
): void {
  ensure(found.length === expected.length, `${what}: expected ${expected.length} examples, got ${found.length}`);
  found.forEach((example, i) => {
    const other = expected[i]!;
    ensure(example.id === other.id, `${what}: expected id ${other.id} at place ${i}, got ${example.id}`);
    ensure(
      example.label === other.label,
      `${what}: expected label ${other.label} for id ${other.id}, got ${example.label}`,
    );
    ensure(
      example.pixels.every((value, at) => Object.is(value, other.pixels[at])),
      `${what}: other input values for id ${other.id}`,
    );
  });
}

/** The same examples ordered by id. */
export function byId(examples: readonly DrawnExample[]): DrawnExample[] {
  return [...examples].sort((a, b) => a.id - b.id);
}
