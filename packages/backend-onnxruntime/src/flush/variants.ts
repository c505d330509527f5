import type { RecordedGraph } from './collect.js';
import type { CompiledGraph } from './compile.js';
import { filterPositions } from './filter-forms.js';

/**
 * The compiled forms of one recorded graph. Numbers of splats are built into the graph; a number
 * seen to change from call to call (a learning-rate schedule, Adam's bias corrections) becomes an
 * input.
 */
export interface Skeleton {
  /** For each splat: is its number an input? */
  readonly isInput: boolean[];
  numbers: number[];
  /** Positions of the computed values that are filters. */
  readonly filters: readonly number[];
  readonly variants: Map<string, CompiledGraph>;
}

export function newSkeleton(graph: RecordedGraph): Skeleton {
  return {
    isInput: graph.splats.map(() => false),
    numbers: graph.splats.map((value) => value.splat!),
    filters: filterPositions(graph),
    variants: new Map(),
  };
}

/**
 * The key of the variant for this graph's numbers; `isHoisted`: it takes forms of filters
 * ready-made.
 */
export function variantKey(skeleton: Skeleton, graph: RecordedGraph, isHoisted: boolean): string {
  let key = isHoisted ? 'H' : '';
  for (let i = 0; i < graph.splats.length; i++)
    key += skeleton.isInput[i] ? ';I' : `;${Object.is(graph.splats[i]!.splat, -0) ? '-0' : graph.splats[i]!.splat}`;
  return key;
}

/** Turns the numbers that differ from the last compiled variant's into inputs. */
export function demoteChangedNumbers(skeleton: Skeleton, graph: RecordedGraph): void {
  if (skeleton.variants.size === 0) return;
  graph.splats.forEach((value, i) => {
    if (!Object.is(skeleton.numbers[i], value.splat)) skeleton.isInput[i] = true;
  });
  skeleton.numbers = graph.splats.map((value) => value.splat!);
}
