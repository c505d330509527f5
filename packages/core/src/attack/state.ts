import type { Tensor } from '@tensorflow/tfjs-core';
import { AdvrobError } from '../errors.js';
import { select } from './rows.js';

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
