import type { NumericArray, Value } from '../ir/value.js';
import { filterRole } from '../lower/define.js';
import type { NativeSession, Runtime, RuntimeTensor } from '../runtime/binding.js';
import type { ArrayPool } from '../runtime/pool.js';
import type { Counters } from '../stats.js';
import type { RecordedGraph } from './collect.js';

/** How to compute and feed the forms of filters that a graph takes ready-made. */
export interface FormPlan {
  /** The graph that computes them, and what finds its session. */
  readonly model: Uint8Array;
  readonly id: number;
  readonly inputs: readonly { readonly name: string; readonly position: number }[];
  readonly forms: readonly FormSlot[];
}

export interface FormSlot {
  readonly name: string;
  readonly recipe: string;
  /** Of the filter in the recorded graph. */
  readonly position: number;
}

/**
 * Positions of the computed values that `graph` uses as filters and whose forms are worth keeping:
 * none in a graph that differentiates filters, since a training step replaces them.
 */
export function filterPositions(graph: RecordedGraph): number[] {
  if (graph.order.some(({ node }) => node && filterRole(node.op) === 'differentiates')) return [];
  const positions = new Set<number>();
  for (const { node } of graph.order) {
    const filter = node && filterRole(node.op) === 'applies' ? node.inputs[1]! : null;
    if (filter?.buffer) positions.add(filter.position);
  }
  return [...positions];
}

/**
 * Keeps forms of filters with their values: identity is the value, so a filter that changed, which
 * is another value, has none, and graphs share what they have in common.
 */
export class FilterForms {
  constructor(
    private readonly runtime: Runtime,
    private readonly pool: ArrayPool,
    private readonly counters: Counters,
  ) {}

  /** Adds the forms to `feeds`, computing all of the graph's when one is missing. */
  feed(
    feeds: Record<string, RuntimeTensor>,
    recorded: RecordedGraph,
    plan: FormPlan,
    prelude: () => NativeSession,
  ): void {
    if (plan.forms.some(({ position, recipe }) => !recorded.order[position]!.derived?.has(recipe)))
      this.compute(recorded, plan, prelude());
    for (const { name, position, recipe } of plan.forms) {
      const { data, shape } = recorded.order[position]!.derived!.get(recipe)!;
      feeds[name] = this.runtime.tensor('float32', data, shape);
    }
  }

  private compute(recorded: RecordedGraph, plan: FormPlan, session: NativeSession): void {
    const feeds: Record<string, RuntimeTensor> = {};
    for (const { name, position } of plan.inputs) {
      const value = recorded.order[position]!;
      feeds[name] = this.runtime.tensor('float32', value.buffer!.array, value.shape);
    }
    const fetches: Record<string, null> = {};
    for (const { name } of plan.forms) fetches[name] = null;
    const results = session.run(feeds, fetches, {});
    for (const { name, position, recipe } of plan.forms) {
      const value = recorded.order[position]!;
      value.derived ??= new Map();
      const known = value.derived.get(recipe);
      if (known) continue;
      const { data, dims } = results[name]!;
      const form = { data: data as Float32Array, shape: dims };
      value.derived.set(recipe, form);
      this.counters.derivedBytes += form.data.byteLength;
    }
  }

  /** Forgets the forms of a value that is no longer held. */
  drop(value: Value | null): void {
    if (!value?.derived) return;
    for (const { data } of value.derived.values()) {
      this.counters.derivedBytes -= data.byteLength;
      this.pool.give('float32', data as NumericArray);
    }
    value.derived = null;
  }
}
