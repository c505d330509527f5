import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Knowledge } from '../contract/index.js';
import type { Examples, RowTensors } from './lanes.js';
import type { Actor, Meter } from './view.js';
import { judge, type Winners } from './winners.js';
import { isFooled } from '../rows.js';

/**
 * Books offers and forward passes of one stretch of tensor code. Query counts of an example stop
 * when it is found (not for a minimal norm) and do not grow by lanes that are `finished` [rows]
 * (bool), whose offers do not count either.
 */
export class Ledger<K extends keyof Knowledge> {
  constructor(
    private readonly actor: Actor<K>,
    private readonly examples: Examples,
    private readonly rows: RowTensors,
    private readonly lanes: number,
    private readonly meter: Meter,
    /** The winners after what was booked; replaced, never disposed here. */
    public winners: Winners,
    private readonly finished?: Tensor,
  ) {}

  offer(adv: Tensor, outputs: Tensor): void {
    if (!this.actor.records) return;
    this.bookPasses();
    // Target lanes aim at classes of their own; only a target that the user named decides success.
    const target = this.examples.target && this.rows.target;
    const fooled = isFooled({ y: this.rows.y, target }, outputs);
    const eligible = this.finished ? tf.logicalAnd(fooled, tf.logicalNot(this.finished)) : fooled;
    const { keep, session } = this.actor;
    this.winners = judge(this.winners, adv, eligible, this.examples.x, this.lanes, { keep, threat: session.threat });
  }

  /** Adds the passes made since the last call. */
  bookPasses(): void {
    if (!this.actor.records || this.meter.passes === 0) return;
    const { winners, finished, lanes } = this;
    // A minimal norm is improved to the end, but for clean errors, which are only here to fill a
    // bucket: their distance is 0.
    const open =
      this.actor.keep === 'closest' ? tf.cast(tf.greater(winners.distance, 0), 'float32') : tf.sub(1, winners.found);
    const active = finished
      ? tf.sum(tf.reshape(tf.cast(tf.logicalNot(finished), 'float32'), [-1, lanes]), 1)
      : tf.scalar(lanes);
    const made = tf.mul(tf.mul(open, active), this.meter.passes);
    this.winners = { ...winners, queries: tf.add(winners.queries, made) };
    this.meter.passes = 0;
  }
}
