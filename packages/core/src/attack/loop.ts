import * as tf from '@tensorflow/tfjs-core';
import type { Knowledge, StepRows } from '../contract/index.js';
import { settle } from '../settle.js';
import { tidy } from '../tidy.js';
import { checkState, freeze, keepOf, mergeWorking, restOf, takeRows } from './working.js';
import { giveWay, stopIfAborted } from '../event-loop.js';
import { Holder } from './memory.js';
import { rowTensors } from './lanes.js';
import type { Lanes } from './lanes.js';
import { Ledger } from './ledger.js';
import type { Pool } from './session.js';
import type { State, Working } from './working.js';
import { viewOf } from './view.js';
import type { Actor, Meter } from './view.js';

/**
 * Loops of so many steps start with the open examples alone: compiling for one more batch size
 * costs less than steps of rows that only fill a bucket.
 */
const longLoop = 64;

export type Update<K extends keyof Knowledge> = (state: State, rows: StepRows<K>) => State;

/**
 * The loop of every attack: runs `update`, lets the backend work, frees what is no longer
 * referenced, and from time to time drops the rows of examples that are decided. Works on the
 * pool's winners. `counter` is where the random streams stand. Returns the full state, the caller's
 * to free.
 */
export async function runLoop<K extends keyof Knowledge>(
  actor: Actor<K>,
  pool: Pool,
  lanes: Lanes,
  start: State,
  steps: number,
  update: Update<K>,
  counter: number,
): Promise<State> {
  checkState(actor.name, start, lanes.examples.ids.length * lanes.count);
  const { session } = actor;
  const meter: Meter = { passes: 0 };
  const parked: Working[] = [];
  let working: Working = begin(pool, lanes, start);
  const holder = new Holder([working]);
  /**
   * Parks the examples that are not among `wanted`, `exactly` or but for those that fill a bucket;
   * false when none is left.
   */
  const dropDecided = (wanted: readonly number[], exactly: boolean): boolean => {
    if (wanted.length === 0) return false;
    const total = working.positions.length;
    const kept = !exactly ? keepOf(wanted, total) : wanted.length < total ? [...wanted] : undefined;
    if (kept === undefined) return true;
    parked.push(takeRows(working, restOf(kept, working.positions.length)));
    working = takeRows(working, kept);
    holder.keep([working, ...parked]);
    return true;
  };

  try {
    let goesOn = true;
    if (session.measures && actor.keep !== 'closest')
      goesOn = dropDecided(
        indicesWhere(await pool.winners.found.data(), (found) => found === 0),
        steps >= longLoop,
      );
    for (let step = 0; step < steps && goesOn; step++) {
      stopIfAborted(session.signal);
      const current = working;
      const { alive, ...next } = tidy(() => advance(actor, current, meter, step, counter + step, update));
      working = { ...current, ...next };
      holder.keep([working, ...parked, { alive }]);
      await settle(...holder.tensors, ...session.gradients.tensors);
      await session.gradients.check();
      session.onProgress?.({ attack: actor.name, step: step + 1, steps, rows: working.rows.x.shape[0]! });
      await giveWay();
      if (!session.measures || step + 1 === steps || !looksAt(step)) continue;
      goesOn = dropDecided(
        indicesWhere(await alive.data(), (isAlive) => isAlive > 0),
        false,
      );
    }
    const { state, winners } = mergeWorking([...parked, working]);
    pool.winners = winners;
    holder.release({ state, winners });
    return state;
  } finally {
    holder.dispose();
  }
}

function begin(pool: Pool, lanes: Lanes, start: State): Working {
  return tidy(() => {
    const { x, y, clean, target } = lanes.examples;
    const examples = {
      ids: lanes.examples.ids,
      x: tf.clone(x),
      y: tf.clone(y),
      clean: clean && tf.clone(clean),
      target: target && tf.clone(target),
    };
    const own: Lanes = { examples, count: lanes.count, targets: lanes.targets && tf.clone(lanes.targets) };
    return {
      lanes: own,
      rows: rowTensors(own),
      positions: Array.from(lanes.examples.ids, (_, position) => position),
      state: Object.fromEntries(Object.entries(start).map(([name, tensor]) => [name, tf.clone(tensor)])),
      winners: pool.winners,
    };
  });
}

/** One step; the result lives in the caller's tidy. */
function advance<K extends keyof Knowledge>(
  actor: Actor<K>,
  working: Working,
  meter: Meter,
  step: number,
  counter: number,
  update: Update<K>,
): Pick<Working, 'state' | 'winners' | 'finished'> & { alive: tf.Tensor } {
  const { lanes, rows, winners, finished } = working;
  const ledger = new Ledger(actor, lanes.examples, rows, lanes.count, meter, winners, finished);
  let ended = finished;
  const view = viewOf(actor, lanes, rows, meter, () => counter);
  const stepRows: StepRows<K> = Object.defineProperties(
    {
      step,
      offer: (adv: tf.Tensor, outputs: tf.Tensor) => ledger.offer(adv, outputs),
      finish: (mask: tf.Tensor) => {
        ended = ended ? tf.logicalOr(ended, mask) : mask;
      },
    },
    Object.getOwnPropertyDescriptors(view),
  ) as unknown as StepRows<K>;
  const updated = update(working.state, stepRows);
  checkState(actor.name, updated, rows.x.shape[0]!, working.state);
  ledger.bookPasses();
  const found = actor.keep === 'closest' ? tf.zerosLike(winners.found) : ledger.winners.found;
  const open = ended
    ? tf.max(tf.reshape(tf.cast(tf.logicalNot(ended), 'float32'), [-1, lanes.count]), 1)
    : tf.onesLike(found);
  return {
    state: finished ? freeze(working.state, updated, finished) : updated,
    winners: ledger.winners,
    finished: ended,
    alive: tf.mul(open, tf.sub(1, found)),
  };
}

/**
 * The steps after which the loop reads which rows are still needed: each of the first eight, then
 * every fourth.
 */
function looksAt(step: number): boolean {
  return step < 8 || step % 4 === 3;
}

function indicesWhere(values: ArrayLike<number>, holds: (value: number) => boolean): number[] {
  return Array.from(values).flatMap((value, i) => (holds(value) ? [i] : []));
}
