import type { Tensor } from '@tensorflow/tfjs-core';

// Any: the ops of tfjs want tensors of a rank that a table of all of them cannot know.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyTensor = any;

/** One op in one of its modes, small enough to be compared with differences. */
export interface OpRow {
  readonly kernel: string;
  readonly mode: string;
  /** Shapes of the inputs in which the op is differentiated. */
  readonly shapes: readonly (readonly number[])[];
  readonly op: (...inputs: AnyTensor[]) => Tensor;
  /** Where the inputs lie. Default [-1.5, 1.5]. */
  readonly range: readonly [number, number];
}

type Mode = [
  shapes: readonly (readonly number[])[],
  op: (...inputs: AnyTensor[]) => Tensor,
  range?: readonly [number, number] | undefined,
];

/** Modes of one kernel; the name of a mode is what is said when it fails. */
export function modes(kernel: string, rows: Readonly<Record<string, Mode>>): OpRow[] {
  return Object.entries(rows).map(([mode, [shapes, op, range]]): OpRow => ({
    kernel,
    mode,
    shapes,
    op,
    range: range ?? [-1.5, 1.5],
  }));
}
