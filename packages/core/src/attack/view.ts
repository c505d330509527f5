import type { AttackLoss, Knowledge, LossRows, Rows } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { createRowRandom } from '../random.js';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { narrow } from './knowledge.js';
import type { Lanes } from './lanes.js';
import { repeatRows, type RowTensors } from './rows.js';
import type { Session } from './session.js';

/** Passes made but not yet booked, as passes per row. */
export interface Meter {
  passes: number;
}

/** Who is at work: one attack inside a session. */
export interface Actor<K extends keyof Knowledge> {
  readonly session: Session;
  /** Registry name; also keeps the random numbers of the members of an ensemble apart. */
  readonly name: string;
  readonly stream: string;
  readonly knowledge: K;
  readonly budget: 'fixed' | 'minimal';
  readonly loss: AttackLoss;
  /** Whether offered points are recorded. */
  readonly records: boolean;
  readonly keep: 'first' | 'within' | 'closest';
}

/** What an attack sees of some rows, all but `offer`. `counter` gives the position in the random streams. */
export function viewOf<K extends keyof Knowledge>(
  actor: Actor<K>,
  lanes: Lanes,
  rows: RowTensors,
  meter: Meter,
  counter: () => number,
): Omit<Rows<K>, 'offer'> {
  const { session, knowledge, loss, name, stream } = actor;
  const count = rows.x.shape[0]!;
  const cleanLogits = (): Tensor => rows.clean ?? session.model.logits(rows.x, session.how);
  return {
    model: narrow(
      session.model,
      knowledge,
      session.how,
      (forwarded) => (meter.passes += forwarded / count),
      session.onGradient?.bind(session),
    ),
    x: rows.x,
    y: rows.y,
    ...(rows.target && { target: rows.target }),
    get clean() {
      return knowledge === 'labels' ? tf.argMax(cleanLogits(), 1) : cleanLogits();
    },
    rng: createRowRandom({
      seed: session.seed,
      ids: lanes.examples.ids,
      lanes: lanes.count,
      counter,
      step: session.step,
      scope: stream,
    }),
    threat: session.threat,
    lossOf(logits) {
      if (knowledge === 'labels')
        throw new AdvrobError('ADVROB_ATTACK', `attack '${name}' knows labels only and has no loss`);
      const points = logits.shape[0]! / count;
      if (!Number.isInteger(points) || points === 0)
        throw new AdvrobError(
          'ADVROB_ATTACK',
          `attack '${name}': lossOf was given ${logits.shape[0]} rows of logits, expected ${count}, or as many for each of several points per row`,
        );
      const each = (tensor: Tensor): Tensor => (points === 1 ? tensor : repeatRows(tensor, points));
      const { y, target } = rows;
      const seen = { y: each(y), ...(target && { target: each(target) }) };
      return loss.value(logits, Object.defineProperty(seen, 'clean', { get: () => each(cleanLogits()) }) as LossRows);
    },
  };
}
