import type { Buffer, Value } from '../ir/value.js';

/** The recorded graph of some results in the order it can be computed. */
export interface RecordedGraph {
  /** Arguments before users; leaves (computed values and splats) included. */
  readonly order: readonly Value[];
  readonly leaves: readonly Value[];
  readonly splats: readonly Value[];
  readonly results: readonly Value[];
  /** The graph without the numbers of its splats, as text. */
  readonly key: string;
}

let walk = 0;

/**
 * Walks from the results to computed values; iterative, since programs may be thousands of ops
 * deep.
 */
export function collect(results: readonly Value[]): RecordedGraph {
  walk++;
  const order: Value[] = [];
  const leaves: Value[] = [];
  const splats: Value[] = [];
  let key = '';
  const stack: Value[] = [];
  for (const result of results) {
    if (result.mark === walk) continue;
    stack.push(result);
    while (stack.length > 0) {
      const value = stack[stack.length - 1]!;
      if (value.mark === walk) {
        stack.pop();
        continue;
      }
      const node = value.node;
      let isReady = true;
      if (node)
        for (let i = node.inputs.length - 1; i >= 0; i--) {
          const input = node.inputs[i]!;
          if (input.mark !== walk) {
            stack.push(input);
            isReady = false;
          }
        }
      if (!isReady) continue;
      stack.pop();
      value.mark = walk;
      value.position = order.length;
      order.push(value);
      if (node) {
        key += node.key;
        for (const input of node.inputs) key += `,${input.position}`;
        key += ';';
      } else if (value.splat !== null) {
        splats.push(value);
        key += `S${value.dtype}[${value.shape.join()}];`;
      } else {
        leaves.push(value);
        key += `L${value.dtype}[${value.shape.join()}];`;
      }
    }
  }
  key += '>';
  for (const result of results) key += `${result.position},`;
  return { order, leaves, splats, results, key };
}

/** The memory that computing recorded values will read. */
export function buffersReadBy(results: Iterable<Value>): Set<Buffer> {
  walk++;
  const found = new Set<Buffer>();
  const stack = [...results];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (value.mark === walk) continue;
    value.mark = walk;
    if (value.buffer) found.add(value.buffer);
    else if (value.node) for (const input of value.node.inputs) stack.push(input);
  }
  return found;
}

/**
 * Bytes of all values that the graph computes: more than are ever held at once, a measure of how
 * large it is.
 */
export function bytesOf(graph: RecordedGraph): number {
  let elements = 0;
  for (const value of graph.order) if (value.node) elements += value.size;
  return elements * Float32Array.BYTES_PER_ELEMENT;
}
