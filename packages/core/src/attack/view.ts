import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type {
  AttackLoss,
  Classifier,
  ForwardOptions,
  GradientModel,
  Knowledge,
  LossRows,
  Rows,
} from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { createRowRandom } from '../random.js';
import type { Lanes, RowTensors } from './lanes.js';
import { gradientIfAny } from '../tape.js';
import { flatRows, labelsOf, repeatRows, select } from '../rows.js';
import { GradientTally } from './gradient-tally.js';
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

/**
 * What an attack sees of some rows, all but `offer`. `counter` gives the position in the random
 * streams.
 */
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
      session.gradients,
    ),
    x: rows.x,
    y: rows.y,
    target: rows.target,
    get clean() {
      return knowledge === 'labels' ? labelsOf(cleanLogits()) : cleanLogits();
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
      const seen = { y: each(y), target: target && each(target) };
      return loss.value(logits, Object.defineProperty(seen, 'clean', { get: () => each(cleanLogits()) }) as LossRows);
    },
  };
}

/**
 * The only view of a model that an attack of this knowledge receives. `count` is told the number of
 * rows of each forward pass, `countGradient` those of each gradient.
 */
function narrow<K extends keyof Knowledge>(
  model: Classifier,
  knowledge: K,
  how: ForwardOptions,
  count: (rows: number) => void,
  countGradient: (rows: number) => void = () => {},
  tally: GradientTally = new GradientTally(),
): Knowledge[K] {
  const forward = (x: Tensor): Tensor => {
    count(x.shape[0]!);
    return model.logits(x, how);
  };
  const labels = (x: Tensor): Tensor => tf.tidy(() => labelsOf(forward(x)));
  const facts = { numClasses: model.numClasses, bounds: model.bounds };
  const views = {
    labels: () => ({ ...facts, labels }),
    scores: () => ({ ...facts, labels, logits: forward }),
    gradients: () => ({
      ...facts,
      labels,
      logits: forward,
      gradient: gradientOf(forward, model, countGradient, tally),
    }),
  };
  return views[knowledge]() as Knowledge[K];
}

function gradientOf(
  forward: (x: Tensor) => Tensor,
  { bounds }: Pick<Classifier, 'bounds'>,
  count: (rows: number) => void,
  tally: GradientTally,
): GradientModel['gradient'] {
  return (x, loss) =>
    tf.tidy(() => {
      count(x.shape[0]!);
      let logits: Tensor | undefined;
      let values: Tensor | undefined;
      const lossOf = (input: Tensor): Tensor => {
        const outputs = forward(input);
        const perRow = loss(outputs);
        // The tape frees what it does not return; the clones share the data.
        logits = tf.keep(tf.clone(outputs));
        values = tf.keep(tf.clone(perRow));
        return perRow;
      };
      try {
        const found = gradientIfAny(lossOf, x);
        if (found === undefined) tally.addCut(forward, x, bounds);
        const gradient = found === undefined ? tf.zerosLike(x) : finiteRows(found, tally);
        return { gradient, logits: tf.clone(logits!), loss: tf.clone(values!) };
      } finally {
        logits?.dispose();
        values?.dispose();
      }
    });
}

/** The gradient with zeros in rows that are not finite, which are counted: they lead nowhere. */
function finiteRows(gradient: Tensor, tally: GradientTally): Tensor {
  // 0 for a row of numbers, NaN for one with NaN or infinity.
  const nothing = tf.sum(tf.mul(flatRows(gradient), 0), 1);
  const broken = tf.notEqual(nothing, nothing);
  tally.add(broken);
  return select(broken, tf.zerosLike(gradient), gradient);
}
