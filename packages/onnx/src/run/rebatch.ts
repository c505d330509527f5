import type { OnnxNode, OnnxPort } from '../graph/model.js';
import { dimsOf, sizeOf, type Value } from './value.js';

/** What a reshape did with the batch that the file was written for. */
interface Learned {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/**
 * Lets files run at any batch whose shapes have one batch written into them. A first run at the
 * file's own batch notes the shapes around every `Reshape`; at another batch the side of its input
 * that differs holds the batch, and the target takes the same factor at the same place. What the
 * rule cannot know is found by comparing rows, which the caller does once.
 */
export class Batch {
  /** The batch that the file fixes, or undefined when it leaves it open. */
  readonly fixed: number | undefined;
  readonly #learned = new Map<OnnxNode, Learned>();
  /** For values whose batch shares its axis: how many of that axis lie outside of it. */
  readonly #inner = new Map<string, number>();
  #isLearning = false;
  #isOther = false;

  constructor(ports: readonly OnnxPort[]) {
    const sides = ports.flatMap(({ shape }) => (shape?.length ? [shape[0]!] : []));
    this.fixed = typeof sides[0] === 'number' ? sides[0] : undefined;
  }

  /** Whether a run at this batch needs the shapes of the file's own first. */
  begin(batch: number | undefined): boolean {
    this.#inner.clear();
    this.#isOther = this.fixed !== undefined && batch !== undefined && batch !== this.fixed;
    return this.#isOther && this.#learned.size === 0;
  }

  /** Notes the shapes of `run`, which is at the file's own batch. */
  learn(run: () => void): void {
    const isOther = this.#isOther;
    this.#isLearning = true;
    this.#isOther = false;
    try {
      run();
    } finally {
      this.#isLearning = false;
      this.#isOther = isOther;
      this.#inner.clear();
    }
  }

  /**
   * The target of a reshape for this batch.
   *
   * @param resolve The target for an input of the given shape, with every side known.
   * @param isComputed Whether the target was made from shapes, so that it is right as it is.
   */
  reshape(
    node: OnnxNode,
    from: readonly number[],
    resolve: (from: readonly number[]) => number[],
    isComputed: boolean,
  ): readonly number[] {
    if (this.#isLearning) this.#learned.set(node, { from: [...from], to: resolve(from) });
    const learned = this.#learned.get(node);
    if (!this.#isOther || !learned) return resolve(from);
    const axis = from.findIndex((side, i) => side !== learned.from[i]);
    if (axis === -1) return resolve(from);
    const factor = from[axis]! / learned.from[axis]!;
    const outer = sizeOf(learned.from.slice(0, axis)) * (this.#inner.get(node.inputs[0]!) ?? 1);
    const own = isComputed ? resolve(from) : undefined;
    const place = own
      ? own.findIndex((side, i) => side !== learned.to[i])
      : placeOf(learned.to, outer, learned.to.length < learned.from.length);
    if (place === -1) return own ?? resolve(from);
    this.#inner.set(node.outputs[0]!, Math.max(outer / sizeOf(learned.to.slice(0, place)), 1));
    return own ?? learned.to.map((side, i) => (i === place ? side * factor : side));
  }

  /** Whether sides of 1 beside the batch stand for each of its examples. */
  get repeatsOnes(): boolean {
    return this.#isOther;
  }

  /** Hands on what is known of the inputs' batch. */
  note(node: OnnxNode): void {
    if (!this.#isOther || node.operator === 'Reshape') return;
    const inner = Math.max(...node.inputs.map((name) => this.#inner.get(name) ?? 1));
    if (inner > 1) for (const name of node.outputs) this.#inner.set(name, inner);
  }
}

/** The side of a target that takes the batch, of which `outer` elements lie before it. */
function placeOf(to: readonly number[], outer: number, isShorter: boolean): number {
  const starts = to.map((_, i) => sizeOf(to.slice(0, i)));
  const one = starts.findIndex((start, i) => start === outer && to[i] === 1);
  if (one !== -1) return one;
  const ending = starts.findIndex((start, i) => start < outer && start * to[i]! === outer);
  if (isShorter && ending !== -1) return ending;
  const starting = starts.findIndex((start) => start === outer);
  if (starting !== -1) return starting;
  return starts.findIndex((start, i) => start < outer && outer < start * to[i]!);
}

/** Operands of a concatenation, those with one row repeated for every example. */
export function batchOf(values: readonly Value[], axis: number): number[] {
  const all = values.map(dimsOf);
  return all[0]!.map((_, i) => (i === axis ? 0 : Math.max(...all.map((dims) => dims[i]!))));
}
