import type { Attack, AttackResult, Norm, RunOptions } from '@advrob/core';
import type { AttackContractOptions } from '@advrob/core/testing';
import { smallProblem, type Problem, type Unit } from './problem.js';

/** An attack with options for small models and few steps, and what can be asked of it. */
export interface Row extends AttackContractOptions {
  readonly attack: Attack;
  /**
   * By how much more than the distance of a plane the radius must be for all examples to be fooled,
   * relatively, e.g. 0.01. Left out: the attack makes no such promise.
   */
  readonly excess?: number;
  /** The only number of classes that the attack takes, because of a model among its options. */
  readonly classes?: number;
  /**
   * Norms in which a step chooses coordinates or signs by a hair, so that a rounding error, which
   * depends on the size of the batch on ONNX Runtime, may move a point by any amount there. Success
   * and queries must be the same nevertheless, and on the cpu backend every bit.
   */
  readonly jumps?: readonly Norm[];
  /**
   * The attack for inputs in other units, where its options or models are not in those of epsilon.
   */
  readonly inUnit?: (unit: Unit) => Attack;
}

/** One attack in one norm, on one backend. */
export interface Subject {
  readonly row: Row;
  readonly attack: Attack;
  readonly norm: Norm;
  readonly inputShape: readonly number[];
  /** Whether rows have the same bits in batches of any size: the cpu backend's promise. */
  readonly isExact: boolean;
  /** Success flags and points of the run that several checks start from, made once. */
  usual(): Promise<Values>;
}

export interface Values {
  readonly success: number[];
  readonly points: number[];
}

export function subjectOf(row: Row, norm: Norm, isExact: boolean): Subject {
  const facts = { row, attack: row.attack, norm, inputShape: row.inputShape ?? [4, 4, 2], isExact };
  let usual: Promise<Values> | undefined;
  return { ...facts, usual: () => (usual ??= withProblem(facts, (problem) => valuesOf(runOn(facts, problem)))) };
}

export type SubjectCheck = (subject: Subject) => Promise<void>;

/** Gives `body` the examples of the small network, and frees them. */
export async function withProblem<T>(
  { inputShape }: Pick<Subject, 'inputShape'>,
  body: (problem: Problem) => Promise<T>,
  unit?: Unit,
): Promise<T> {
  const problem = await smallProblem(inputShape, unit);
  try {
    return await body(problem);
  } finally {
    problem.dispose();
  }
}

/**
 * An attack on a problem at its usual radius, or at `factor` times that. The result's tensor is the
 * caller's.
 */
export function runOn(
  { attack, norm }: Pick<Subject, 'attack' | 'norm'>,
  { model, x, y, epsilonOf }: Problem,
  { factor = 1, ...how }: RunOptions & { readonly factor?: number } = {},
): Promise<AttackResult> {
  return attack.run(model, x, y, { norm, epsilon: factor * epsilonOf(norm) }, { seed: 3, ...how });
}

/** Success flags of a run alone. */
export async function successOf(result: Promise<AttackResult>): Promise<number[]> {
  const { success, adversarial } = await result;
  adversarial.dispose();
  return [...success];
}

/** Success flags and points of a run, as plain numbers. */
export async function valuesOf(result: Promise<AttackResult>): Promise<Values> {
  const { success, adversarial } = await result;
  try {
    return { success: [...success], points: [...(await adversarial.data())] };
  } finally {
    adversarial.dispose();
  }
}
