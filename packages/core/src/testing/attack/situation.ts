import * as tf from '@tensorflow/tfjs-core';
import type { Attack, AttackResult, Classifier, Norm, RunOptions } from '../../contract/index.js';
import { exactDistances } from '../../attack/verify.js';
import { ensure } from '../check.js';
import type { LinearProblem } from './linear-problem.js';
import { problemBounds } from './linear-problem.js';

/** What {@link attackContract} needs to know beyond the attack's definition. */
export interface AttackContractOptions {
  /** Norms to check. Default all that the attack declares. */
  readonly norms?: readonly Norm[];
  /** Shape of one example, at least 16 values. Default [4, 4, 2]. */
  readonly inputShape?: readonly number[];
  /**
   * How much of the radius the attack can be relied on to use: it must fool every example of a
   * linear model whose distance to another class is at most `reach` times epsilon, e.g. 0.9 for a
   * good gradient attack. Default 0: nothing is demanded.
   */
  readonly reach?: number;
  /** Whether another seed must give other points. Default false. */
  readonly differsBySeed?: boolean;
  /**
   * Whether `run` takes `restarts`; an ensemble does not. Default true, unless the definition says
   * that nothing is random.
   */
  readonly restarts?: boolean;
  /** Whether `maximize` works. Default true. */
  readonly maximizes?: boolean;
  /**
   * Largest difference of a value between batch sizes: 0 for the cpu backend, about 1e-4 for
   * compiling backends. Default 0.
   */
  readonly tolerance?: number;
}

/** One attack in one norm on one problem. */
export interface Situation {
  readonly attack: Attack;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly problem: LinearProblem;
  readonly options: AttackContractOptions;
  /** The run with seed 3 that many checks look at, made once per norm. */
  usual(): Promise<WatchedRun>;
  /** The points of `maximize` with seed 3 for training step 4, made once per norm. */
  maximized(): Promise<WatchedPoints>;
}

/** What one run did, kept beyond its tensors. */
export interface WatchedRun {
  readonly result: Omit<AttackResult, 'adversarial'>;
  readonly shape: readonly number[];
  readonly points: Float32Array;
  readonly cleanBefore: Float32Array;
  readonly cleanAfter: Float32Array;
  /** Tensors that are left when its points are freed. */
  readonly left: number;
  /** Whether a forward pass was recorded for a gradient. */
  readonly wasRecorded: boolean;
}

/** What one call of `maximize` gave, kept beyond its tensor. */
export interface WatchedPoints {
  readonly shape: readonly number[];
  readonly points: Float32Array;
  /** Tensors that are left when its points are freed. */
  readonly left: number;
}

export type AttackCheck = (situation: Situation) => Promise<void>;

/** A radius with which about half of the examples can be fooled. */
export function middlingEpsilon(norm: Norm, problem: LinearProblem): number {
  const sorted = [...problem.distances(norm)].filter((distance) => distance > 0).sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)]! * 1.1;
  return norm === 'l0' ? Math.ceil(middle) : middle;
}

export function runOn(situation: Situation, how: RunOptions = {}, epsilon = situation.epsilon): Promise<AttackResult> {
  const { attack, norm, problem } = situation;
  return attack.run(problem.model, problem.x, problem.y, { norm, epsilon }, how);
}

/** A situation before anything was run. */
export type Plain = Omit<Situation, 'usual' | 'maximized'>;

/** Calls `maximize` with seed 3 for training step 4. */
export async function watchMaximize({ attack, norm, epsilon, problem }: Plain): Promise<WatchedPoints> {
  const before = tf.memory().numTensors;
  const how = { seed: 3, step: 4 };
  const adv = await attack.maximize(problem.model, problem.x, problem.y, { norm, epsilon }, how);
  const points = (await adv.data()) as Float32Array;
  adv.dispose();
  return { shape: adv.shape, points, left: tf.memory().numTensors - before };
}

/** Runs once with seed 3 and notes everything that a check may ask of it. */
export async function watchRun({ attack, norm, epsilon, problem }: Plain): Promise<WatchedRun> {
  const { model, x, y } = problem;
  const cleanBefore = (await x.data()).slice() as Float32Array;
  const before = tf.memory().numTensors;
  let wasRecorded = false;
  const watched: Classifier = {
    ...model,
    logits(input) {
      wasRecorded ||= tf.engine().state.gradientDepth > 0;
      return model.logits(input);
    },
  };
  const { adversarial, ...result } = await attack.run(watched, x, y, { norm, epsilon }, { seed: 3 });
  const { shape } = adversarial;
  const points = (await adversarial.data()) as Float32Array;
  adversarial.dispose();
  const left = tf.memory().numTensors - before;
  return { result, shape, points, cleanBefore, cleanAfter: (await x.data()) as Float32Array, left, wasRecorded };
}

/** @throws Error when a point is not finite, outside of the bounds or of the ball. */
export function ensureInside(points: Float32Array, clean: Float32Array, n: number, norm: Norm, epsilon: number): void {
  const [low, high] = problemBounds;
  points.forEach((value, i) =>
    ensure(value >= low && value <= high, `value ${value} at ${i} is outside of the bounds`),
  );
  // float32 rounding of x + delta, coordinate by coordinate
  const many = { linf: 1, l2: Math.sqrt(clean.length / n), l1: clean.length / n, l0: 0 }[norm];
  const limit = epsilon * (1 + 1e-5) + many * 4e-7;
  exactDistances(norm, points, clean, n).forEach((distance, i) =>
    ensure(distance <= limit, `example ${i} moved by ${distance} in ${norm}, further than epsilon ${epsilon}`),
  );
}

/** @throws Error when two lists of values differ by more than `tolerance` anywhere. */
export function ensureEqual(
  found: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  ensure(found.length === wanted.length, `${what}: ${found.length} values instead of ${wanted.length}`);
  for (let i = 0; i < wanted.length; i++)
    ensure(
      Math.abs(found[i]! - wanted[i]!) <= tolerance,
      `${what}: ${found[i]!} instead of ${wanted[i]!} at flat index ${i}`,
    );
}
