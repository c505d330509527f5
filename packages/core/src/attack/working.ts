import type { Tensor } from '@tensorflow/tfjs-core';
import { tidy } from '../tidy.js';
import { gatherExamples, gatherRows, mergeRows, rowsOfExamples, rowTensors } from './lanes.js';
import { select } from '../rows.js';
import type { Lanes, RowTensors } from './lanes.js';
import type { Winners } from './winners.js';
import { AdvrobError } from '../errors.js';

/** A part of the pool with what a loop knows of it. */
export interface Working {
  readonly lanes: Lanes;
  readonly rows: RowTensors;
  /** Where these examples stand in the pool. */
  readonly positions: readonly number[];
  readonly state: State;
  readonly winners: Winners;
  /** Rows that ended [rows], bool. */
  readonly finished?: Tensor | undefined;
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
      targets,
    };
    return {
      lanes,
      rows: rowTensors(lanes),
      positions: indices.map((index) => working.positions[index]!),
      state: gatherRows(working.state, rows),
      winners: gatherRows(working.winners, indices),
      finished,
    };
  });
}

/**
 * State and winners of all parts in the order of the pool. With one part they are its own tensors.
 */
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

/** What a loop carries from step to step; the rows are the first axis. */
export type State = Readonly<Record<string, Tensor>>;

/** @throws AdvrobError `ADVROB_ATTACK` when a state is not what the loop started with. */
export function checkState(attack: string, state: State, rows: number, like?: State): void {
  for (const [name, tensor] of Object.entries(state))
    if (tensor.shape[0] !== rows)
      throw new AdvrobError(
        'ADVROB_ATTACK',
        `attack '${attack}': state '${name}' has shape [${tensor.shape.join(', ')}], expected ${rows} rows first`,
      );
  if (like === undefined) return;
  for (const [name, old] of Object.entries(like)) {
    const found = state[name];
    if (found === undefined || found.dtype !== old.dtype || found.shape.join() !== old.shape.join())
      throw new AdvrobError(
        'ADVROB_ATTACK',
        `attack '${attack}': update must return state '${name}' as ${old.dtype} [${old.shape.join(', ')}], ` +
          (found === undefined ? 'but left it out' : `but gave ${found.dtype} [${found.shape.join(', ')}]`),
      );
  }
}

/** The new state with the old values where `finished` [rows] (bool). */
export function freeze(before: State, after: State, finished: Tensor): State {
  return Object.fromEntries(
    Object.entries(after).map(([name, tensor]) => [
      name,
      name in before ? select(finished, before[name]!, tensor) : tensor,
    ]),
  );
}

/**
 * The batch size used for `count` rows: 1, 2, 4, 8, 16, 32, 48, 64, then multiples of 32 up to 256
 * and of 64 beyond. Few distinct sizes keep a compiling backend from compiling for every size that
 * dropping rows produces.
 */
export function bucket(count: number): number {
  if (count > 256) return Math.ceil(count / 64) * 64;
  if (count > 64) return Math.ceil(count / 32) * 32;
  return [1, 2, 4, 8, 16, 32, 48, 64].find((size) => size >= count)!;
}

/**
 * Which of `total` rows to keep: all of `wanted` (ascending), filled up to the bucket size with
 * unwanted ones, ascending; or undefined when nothing would be saved.
 */
export function keepOf(wanted: readonly number[], total: number): number[] | undefined {
  const size = bucket(wanted.length);
  if (size >= total) return undefined;
  const isWanted = new Set(wanted);
  const fillers: number[] = [];
  for (let i = 0; fillers.length < size - wanted.length; i++) if (!isWanted.has(i)) fillers.push(i);
  return [...wanted, ...fillers].sort((a, b) => a - b);
}

/** The indices below `total` that are not in `kept`, ascending. */
export function restOf(kept: readonly number[], total: number): number[] {
  const isKept = new Set(kept);
  return Array.from({ length: total }, (_, i) => i).filter((i) => !isKept.has(i));
}
