import type { Attack, Json, Norm } from '@advrob/core';
import type { Memo } from '../journal/memo.js';
import { expectedOf, type Expected } from '../progress.js';
import { measureAttack, measureRepetition, measureTransfer, type AttackOutcomes } from './measure/attack-outcomes.js';
import { measureGradients, type Gradients } from './measure/gradients.js';
import { measureLossPath, type LossPath } from './measure/loss-path.js';
import { measureOutputs, type Outputs } from './measure/outputs.js';
import type { AttackCall, DrawnBatch } from './measure/shared.js';
import type { CompleteOptions } from './options.js';

/** Whether each rightly classified example was fooled, in order. */
export type Fooled = readonly boolean[];

/** Everything that was measured, over all batches. */
export interface Measurements {
  readonly outputs: readonly Outputs[];
  readonly gradients: readonly Gradients[];
  readonly paths: readonly LossPath[];
  /** Rightly classified examples. */
  readonly correct: number;
  readonly examples: number;
  /** Of the iterative attack. */
  readonly unconfirmed: number;
  /** Share of examples that a repeated call leaves elsewhere. */
  readonly repetition: number;
  readonly iterative: Fooled;
  /** By attack; undefined where there was none. */
  readonly longer: Fooled | undefined;
  readonly restarts: Fooled | undefined;
  readonly singleStep: Fooled | undefined;
  readonly blackBox: Fooled | undefined;
  readonly other: Fooled | undefined;
  /** Fooled by the examples of any surrogate. */
  readonly transfer: Fooled | undefined;
  /** At any distance inside the bounds. */
  readonly huge: Fooled;
  /** At half and at twice the radius. */
  readonly smaller: Fooled;
  readonly larger: Fooled;
}

/** Told what is measured next, and of every step of an attack. */
interface Follower {
  enter(measurement: string): void;
  step(): void;
  /** The share of examples that later attacks will work on to their end. */
  withstood(share: number): void;
}

/** Makes all measurements, each of them once per batch over all sessions. */
export async function measureAll(
  { model, attacks, threat, seed, restarts, surrogates, signal }: CompleteOptions,
  batches: readonly DrawnBatch[],
  memo: Memo,
  { enter, step, withstood }: Follower,
): Promise<Measurements> {
  const { iterative, longer, singleStep, blackBox, other } = attacks;
  const call = { model, attack: iterative, threat, seed, signal, onProgress: step };
  const each = async <T extends Json>(
    name: string,
    measure: (batch: DrawnBatch, i: number) => Promise<T>,
    key = name,
  ): Promise<T[]> => {
    enter(name);
    const found: T[] = [];
    for (const [i, batch] of batches.entries()) found.push(await memo(`${key}/${i}`, () => measure(batch, i)));
    return found;
  };
  const outputs = await each('outputs', (batch) => measureOutputs(model, batch));
  const correct = batches.map(({ labels }, i) =>
    labels.flatMap((label, row) => (outputs[i]!.predictions[row] === label ? [row] : [])),
  );
  const fooledOf = (found: readonly AttackOutcomes[]): Fooled =>
    found.flatMap(({ success }, i) => correct[i]!.map((row) => success[row] === 1));
  const under = async (name: string, change: Partial<AttackCall>): Promise<Fooled> =>
    fooledOf(await each(name, (batch) => measureAttack({ ...call, ...change }, batch)));
  const at = (epsilon: number): Partial<AttackCall> => ({ threat: { norm: threat.norm, epsilon } });

  const gradients = await each('gradients', (batch, i) => measureGradients(model, batch, correct[i]!, seed));
  const paths = await each('loss path', (batch, i) => measureLossPath(call, batch, correct[i]!), 'path');
  enter('repetition');
  const repetition = await memo('repetition', () => measureRepetition(call, batches[0]!));
  const main = await each('iterative', (batch) => measureAttack(call, batch));
  const verdicts = main.flatMap(({ success }) => success);
  withstood(verdicts.filter((hit) => hit === 0).length / verdicts.length);
  const transfers: Fooled[] = [];
  for (const [name, source] of Object.entries(surrogates))
    transfers.push(fooledOf(await each(`transfer from ${name}`, (batch) => measureTransfer(call, source, batch))));
  const size = model.inputShape.reduce((product, length) => product * length, 1);
  const huge = diameter(threat.norm, size, model.bounds);
  const fooled = fooledOf(main);
  return {
    outputs,
    gradients,
    paths,
    correct: fooled.length,
    examples: batches.reduce((sum, { labels }) => sum + labels.length, 0),
    unconfirmed: main.reduce((sum, { unconfirmed }) => sum + unconfirmed, 0),
    repetition,
    iterative: fooled,
    longer: longer && (await under('longer', { attack: longer })),
    restarts: hasStarts(iterative, restarts) ? await under('restarts', { restarts }) : undefined,
    singleStep: singleStep && (await under('single step', { attack: singleStep })),
    blackBox: blackBox && (await under('black box', { attack: blackBox })),
    other: other && (await under('other attack', { attack: other })),
    transfer: transfers.length > 0 ? fooled.map((_, i) => transfers.some((one) => one[i])) : undefined,
    huge: await under('huge epsilon', at(huge)),
    smaller: await under('half of epsilon', at(threat.epsilon / 2)),
    larger: await under('twice epsilon', at(Math.min(huge, 2 * threat.epsilon))),
  };
}

/** The measurements that {@link measureAll} enters, in order, with what each takes. */
export function measurementsOf({
  attacks,
  surrogates,
  restarts,
}: CompleteOptions): readonly { readonly name: string; readonly expected: Expected }[] {
  const { iterative, longer, singleStep, blackBox, other } = attacks;
  const of = (name: string, attack: Attack | undefined, times = 1) =>
    attack ? [{ name, expected: expectedOf(attack, times) ?? { steps: times, cost: 1 } }] : [];
  return [
    { name: 'outputs', expected: { steps: 1, cost: 2 } },
    { name: 'gradients', expected: { steps: 1, cost: 5 } },
    ...of('loss path', iterative),
    ...of('repetition', iterative, 2),
    ...of('iterative', iterative),
    ...Object.keys(surrogates).flatMap((name) => of(`transfer from ${name}`, iterative)),
    ...of('longer', longer),
    ...(hasStarts(iterative, restarts) ? of('restarts', iterative, restarts) : []),
    ...of('single step', singleStep),
    ...of('black box', blackBox),
    ...of('other attack', other),
    ...['huge epsilon', 'half of epsilon', 'twice epsilon'].flatMap((name) => of(name, iterative)),
  ];
}

/** Whether further starts can differ from the first. */
function hasStarts({ definition }: Attack, restarts: number): boolean {
  return definition.random !== false && restarts > 1;
}

/** Largest distance of two points inside the bounds. */
function diameter(norm: Norm, size: number, [low, high]: readonly [number, number]): number {
  return { linf: 1, l2: Math.sqrt(size), l1: size, l0: size / (high - low) }[norm] * (high - low);
}
