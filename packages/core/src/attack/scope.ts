import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Attack, AttackLoss, Classifier, Knowledge, Scope } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { tidy } from '../tidy.js';
import type { AuthorTensors } from './memory.js';
import { expandLanes, gatherRows, rowsOfExamples, rowTensors, type Lanes } from './lanes.js';
import { Ledger } from './ledger.js';
import { runLoop } from './loop.js';
import type { Update } from './loop.js';
import type { Pool, Session } from './session.js';
import { viewOf } from './view.js';
import type { Actor, Meter } from './view.js';

/**
 * Where the random streams of one attack call stand: advances by the nominal number of steps of
 * every loop.
 */
interface Clock {
  now: number;
}

type AttackMember = (pool: Pool, other: Attack, options: { restarts?: number; loss?: AttackLoss }) => Promise<void>;

/** The scope that an attack's `perturb` receives. */
export function createScope<K extends keyof Knowledge>(
  actor: Actor<K>,
  pool: Pool,
  lanes: Lanes,
  clock: Clock,
  author: AuthorTensors,
  attackMember: AttackMember,
): Scope<K> {
  const rows = tidy(() => rowTensors(lanes));
  author.adopt(Object.values<Tensor | undefined>({ ...rows }).filter((tensor) => tensor !== undefined));
  const meter: Meter = { passes: 0 };
  const view = viewOf(actor, lanes, rows, meter, () => clock.now);

  const own = {
    offer(adv: Tensor, outputs: Tensor): void {
      const before = pool.winners;
      pool.winners = tidy(() => {
        const ledger = new Ledger(actor, lanes.examples, rows, lanes.count, meter, before);
        ledger.offer(adv, outputs);
        return ledger.winners;
      });
      replaceWinners(before, pool);
    },
    iterate(start: Readonly<Record<string, Tensor>>, steps: number, update: Update<K>) {
      const at = clock.now;
      clock.now += steps;
      return author.suspended(async () => {
        const state = await runLoop(actor, pool, lanes, start, steps, update, at);
        author.adopt(Object.values(state));
        return state;
      });
    },
    expand(by: number | { readonly targets: Tensor }): Scope<K> {
      const expanded = expandLanes(lanes, by);
      if (expanded.targets) author.adopt([expanded.targets]);
      return createScope(actor, pool, expanded, clock, author, attackMember);
    },
    attack(other: Attack, options: { restarts?: number; loss?: AttackLoss } = {}): Promise<void> {
      if (lanes.count > 1)
        throw new AdvrobError('ADVROB_ATTACK', `attack '${actor.name}': call scope.attack on the scope without lanes`);
      return author.suspended(() => attackMember(pool, other, options));
    },
    craft(other: Attack, surrogate: Classifier, options: { loss?: AttackLoss } = {}): Promise<Tensor> {
      return author.suspended(async () => {
        const points = await craftPoints(actor.session, lanes, other, surrogate, options);
        author.adopt([points]);
        return points;
      });
    },
    tidy: <T extends object | void>(round: () => Promise<T>) => author.tidy(round),
    read(tensor: Tensor) {
      return author.suspended(() => tensor.data());
    },
  };
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(view)) as unknown as Scope<K>;
}

/** Frees the winners that were replaced; the pool's are outside of any tidy. */
function replaceWinners(before: Pool['winners'], pool: Pool): void {
  const now = new Set<Tensor>(Object.values(pool.winners));
  for (const tensor of now) tf.keep(tensor);
  for (const tensor of Object.values(before)) if (!now.has(tensor)) tensor.dispose();
}

/**
 * The last iterates of `other` on another model for every row, [m * lanes, ...], the caller's to
 * free. Each lane draws as a training step of its own, so that lanes differ and the first equals
 * what `maximize` gives for the same seed.
 */
async function craftPoints(
  session: Session,
  { examples, count, targets }: Lanes,
  other: Attack,
  surrogate: Classifier,
  options: { readonly loss?: AttackLoss },
): Promise<Tensor> {
  const { ids, x, y } = examples;
  const parts: Tensor[] = [];
  try {
    for (let lane = 0; lane < count; lane++) {
      const own = targets && laneOf(targets, lane, count);
      const target = own ?? examples.target;
      try {
        const points = await other.maximize(surrogate, x, y, session.threat, {
          ids,
          seed: session.seed,
          step: session.step * count + lane,
          targets: target,
          loss: options.loss,
          signal: session.signal,
          onProgress: session.onProgress,
          onGradient: session.onGradient,
        });
        parts.push(points);
      } finally {
        own?.dispose();
      }
    }
    return tf.tidy(() => tf.reshape(tf.stack(parts, 1), [ids.length * count, ...x.shape.slice(1)]));
  } finally {
    tf.dispose(parts);
  }
}

/** The entries of one lane, [m], of a tensor with one per row. */
function laneOf(rows: Tensor, lane: number, count: number): Tensor {
  const examples = Array.from({ length: rows.shape[0]! / count }, (_, i) => i);
  const indices = rowsOfExamples(examples, count).filter((row) => row % count === lane);
  return gatherRows({ rows }, indices).rows;
}
