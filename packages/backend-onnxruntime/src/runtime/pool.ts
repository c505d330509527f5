import { allocate } from '../ir/arrays.js';
import type { NumericArray, NumericType } from '../ir/value.js';

const smallest = 1024;

/**
 * Keeps the arrays of finished values for the results of the next run: allocating them costs more
 * than filling them. Beyond the limit those that were given first go, so that sizes nobody asks for
 * any more do not stay.
 */
export class ArrayPool {
  private readonly free = new Map<string, NumericArray[]>();
  /** All kept arrays with their key, oldest first. */
  private readonly ages = new Map<NumericArray, string>();
  private bytes = 0;

  constructor(private readonly limitBytes: number) {}

  get heldBytes(): number {
    return this.bytes;
  }

  take(dtype: NumericType, size: number): NumericArray {
    const found = size >= smallest ? this.free.get(`${dtype}${size}`)?.pop() : undefined;
    if (!found) return allocate(dtype, size);
    this.ages.delete(found);
    this.bytes -= found.byteLength;
    return found;
  }

  give(dtype: NumericType, array: NumericArray): void {
    if (array.length < smallest || array.byteLength > this.limitBytes) return;
    const key = `${dtype}${array.length}`;
    const list = this.free.get(key);
    if (list) list.push(array);
    else this.free.set(key, [array]);
    this.ages.set(array, key);
    this.bytes += array.byteLength;
    while (this.bytes > this.limitBytes) this.dropOldest();
  }

  private dropOldest(): void {
    const [array, key] = this.ages.entries().next().value!;
    const list = this.free.get(key)!;
    list.splice(list.indexOf(array), 1);
    if (list.length === 0) this.free.delete(key);
    this.ages.delete(array);
    this.bytes -= array.byteLength;
  }

  clear(): void {
    this.free.clear();
    this.ages.clear();
    this.bytes = 0;
  }
}
