import type { Tensor } from '@tensorflow/tfjs-core';
import { tidy } from '../tidy.js';
import { gatherExamples, rowTensors, type Lanes } from './lanes.js';
import { gatherRows, mergeRows, rowsOfExamples, type RowTensors } from './rows.js';
import type { State } from './state.js';
import type { Winners } from './winners.js';

/** A part of the pool with what a loop knows of it. */
export interface Working {
  readonly lanes: Lanes;
  readonly rows: RowTensors;
  /** Where these examples stand in the pool. */
  readonly positions: readonly number[];
  readonly state: State;
  readonly winners: Winners;
  /** Rows that ended [rows], bool. */
  readonly finished?: Tensor;
}

/** The examples at `indices` of a part, with new tensors. */
export function takeRows(working: Working, indices: readonly number[]): Working {
  return tidy(() => {
    const { count } = working.lanes;
    const rows = rowsOfExamples(indices, count);
    const { targets, finished } = gatherRows({ targets: working.lanes.targets, finished: working.finished }, rows);
    const lanes: Lanes = {
      examples: gatherExamples(working.lanes.examples, indices),
      count,
      ...(targets && { targets }),
    };
    return {
      lanes,
      rows: rowTensors(lanes),
      positions: indices.map((index) => working.positions[index]!),
      state: gatherRows(working.state, rows),
      winners: gatherRows(working.winners, indices),
      ...(finished && { finished }),
    };
  });
}

/** State and winners of all parts in the order of the pool. With one part they are its own tensors. */
export function mergeWorking(parts: readonly Working[]): Pick<Working, 'state' | 'winners'> {
  const [only] = parts;
  if (parts.length === 1) return only!;
  const positions = parts.flatMap((part) => part.positions);
  return tidy(() => ({
    state: mergeRows(
      parts.map((part) => part.state),
      rowsOfExamples(positions, only!.lanes.count),
    ),
    winners: mergeRows(
      parts.map((part) => part.winners),
      positions,
    ),
  }));
}
