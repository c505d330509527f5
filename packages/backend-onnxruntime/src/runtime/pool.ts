import { allocate } from '../ir/arrays.js';
import type { NumericArray, NumericType } from '../ir/value.js';

const smallest = 1024;

/** Keeps the arrays of finished values for the results of the next run: allocating them costs more than filling them. */
export class ArrayPool {
  private readonly free = new Map<string, NumericArray[]>();
  private bytes = 0;

  constructor(private readonly limitBytes: number) {}

  get heldBytes(): number {
    return this.bytes;
  }

  take(dtype: NumericType, size: number): NumericArray {
    const found = size >= smallest ? this.free.get(`${dtype}${size}`)?.pop() : undefined;
    if (!found) return allocate(dtype, size);
    this.bytes -= found.byteLength;
    return found;
  }

  give(dtype: NumericType, array: NumericArray): void {
    if (array.length < smallest || this.bytes + array.byteLength > this.limitBytes) return;
    const key = `${dtype}${array.length}`;
    const list = this.free.get(key);
    if (list) list.push(array);
    else this.free.set(key, [array]);
    this.bytes += array.byteLength;
  }

  clear(): void {
    this.free.clear();
    this.bytes = 0;
  }
}
