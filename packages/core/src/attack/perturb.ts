import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Attack, AttackLoss, Knowledge } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { crossEntropyLoss } from '../losses.js';
import { tidy } from '../tidy.js';
import { AuthorTensors } from './memory.js';
import { restOf } from './working.js';
import { checkLoss } from './inputs.js';
import { stopIfAborted } from '../event-loop.js';
import { expandLanes, gatherExamples, gatherRows, mergeRows } from './lanes.js';
import type { Lanes } from './lanes.js';
import { createScope } from './scope.js';
import type { Pool, Session } from './session.js';
import type { Actor } from './view.js';

export interface PerturbOptions {
  readonly restarts: number;
  readonly loss?: AttackLoss | undefined;
  /** Random stream of the attack; members of an ensemble have their own. */
  readonly stream: string;
  /**
   * Whether only points inside the ball count, because an ensemble with a fixed budget runs a
   * minimal-norm member.
   */
  readonly within: boolean;
}

/**
 * Runs an attack's own code on a pool. Returns its last iterates [m * lanes, ...] (the caller's to
 * free) and leaves the winners in the pool.
 */
export async function perturbPool(
  session: Session,
  pool: Pool,
  attack: Attack,
  options: PerturbOptions,
): Promise<Tensor | undefined> {
  stopIfAborted(session.signal);
  const { definition } = attack;
  checkLoss(attack, options.loss);
  if (options.restarts > 1 && definition.random === false)
    throw new AdvrobError(
      'ADVROB_OPTION',
      `restarts: attack '${attack.name}' draws nothing at random, so ${options.restarts} restarts would all be the same`,
    );
  const keep = options.within ? 'within' : definition.budget === 'minimal' ? 'closest' : 'first';
  const actor: Actor<keyof Knowledge> = {
    session,
    name: attack.name,
    stream: options.stream,
    knowledge: definition.knowledge,
    budget: definition.budget,
    loss: options.loss ?? session.loss ?? definition.loss ?? crossEntropyLoss,
    records: session.measures || definition.budget === 'minimal',
    keep,
  };
  const author = new AuthorTensors();
  const one: Lanes = { examples: pool.examples, count: 1 };
  const member = (parent: Pool, other: Attack, how: { restarts?: number; loss?: AttackLoss }): Promise<void> =>
    perturbSurvivors(session, parent, other, {
      restarts: how.restarts ?? 1,
      loss: how.loss,
      stream: `${options.stream}/${other.name}`,
      within: keep === 'within' || (keep === 'first' && other.definition.budget === 'minimal'),
    });
  try {
    author.open();
    let last: Tensor | void;
    try {
      const scope = createScope(actor, pool, expandLanes(one, options.restarts), { now: 0 }, author, member);
      last = await definition.perturb(scope as never, attack.options as never);
    } finally {
      author.close();
    }
    await session.gradients.check();
    if (!last) return undefined;
    checkLast(actor.name, last, pool.examples.x);
    if (session.measures) await judgeLast(actor, pool, last, author);
    return tf.clone(last);
  } finally {
    author.dispose();
  }
}

/** @throws AdvrobError `ADVROB_ATTACK` for what is no tensor of examples, or is there no more. */
function checkLast(name: string, last: unknown, { shape: [, ...shape] }: Tensor): void {
  const isTensor = last instanceof tf.Tensor;
  if (isTensor && !last.isDisposed && last.shape.slice(1).join() === shape.join()) return;
  const found = !isTensor ? typeof last : last.isDisposed ? 'a tensor that was disposed' : `[${last.shape.join(', ')}]`;
  throw new AdvrobError(
    'ADVROB_ATTACK',
    `attack '${name}' returned ${found}: expected points [rows, ${shape.join(', ')}]`,
  );
}

/** Offers the iterates that an attack returned, with one forward pass. */
async function judgeLast(
  actor: Actor<keyof Knowledge>,
  pool: Pool,
  last: Tensor,
  author: AuthorTensors,
): Promise<void> {
  const examples = pool.examples.ids.length;
  const lanes = (last.shape[0] ?? 0) / examples;
  if (!Number.isInteger(lanes) || lanes === 0)
    throw new AdvrobError(
      'ADVROB_ATTACK',
      `attack '${actor.name}' returned ${last.shape[0] ?? 0} rows for ${examples} examples: return full rows of a scope`,
    );
  author.open();
  try {
    const scope = createScope(
      actor,
      pool,
      expandLanes({ examples: pool.examples, count: 1 }, lanes),
      { now: 0 },
      author,
      async () => undefined,
    );
    scope.offer(last, scope.model.labels(last));
  } finally {
    author.close();
  }
}

/** Runs a member of an ensemble on the examples that nobody found yet, and notes what it found. */
async function perturbSurvivors(session: Session, pool: Pool, attack: Attack, options: PerturbOptions): Promise<void> {
  const total = pool.examples.ids.length;
  const before = await pool.winners.found.data();
  // Exactly these, of no particular size: a member makes so many steps that compiling for one more
  // size costs less than rows that only fill a batch.
  const kept = Array.from(before).flatMap((found, i) => (found > 0 ? [] : [i]));
  if (kept.length === 0) return;
  const rest = restOf(kept, total);

  const part: Pool = tidy(() => ({
    examples: gatherExamples(pool.examples, kept),
    winners: gatherRows(pool.winners, kept),
    foundBy: new Map(),
  }));
  let last: Tensor | undefined;
  try {
    last = await perturbPool(session, part, attack, options);
    const after = await part.winners.found.data();
    kept.forEach((position, i) => {
      if (after[i]! > 0 && !(before[position]! > 0)) pool.foundBy.set(position, part.foundBy.get(i) ?? attack.name);
    });
    const old = pool.winners;
    pool.winners = tidy(() => mergeRows([part.winners, gatherRows(old, rest)], [...kept, ...rest]));
    tf.dispose(old);
  } finally {
    last?.dispose();
    const { ids: _, ...tensors } = part.examples;
    tf.dispose([tensors, part.winners]);
  }
}
