import type { Norm } from '@advrob/core';
import type { Memo } from '../journal/memo.js';
import { measureAttack, measureRepetition, measureTransfer, type AttackOutcomes } from './measure/attack-outcomes.js';
import type { DrawnBatch } from './measure/shared.js';
import { measureGradients, type Gradients } from './measure/gradients.js';
import { measureLossPath, type LossPath } from './measure/loss-path.js';
import { measureOutputs, type Outputs } from './measure/outputs.js';
import type { RobustnessCheckOptions } from './options.js';

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
  /** By attack; left out where there was none. */
  readonly longer?: Fooled;
  readonly restarts?: Fooled;
  readonly singleStep?: Fooled;
  readonly blackBox?: Fooled;
  readonly other?: Fooled;
  /** Fooled by the examples of any surrogate. */
  readonly transfer?: Fooled;
  /** At any distance inside the bounds. */
  readonly huge: Fooled;
  /** At half and at twice the radius. */
  readonly smaller: Fooled;
  readonly larger: Fooled;
}

/** Makes all measurements, each of them once per batch over all sessions. */
export async function measureAll(
  options: RobustnessCheckOptions,
  batches: readonly DrawnBatch[],
  memo: Memo,
  enter: (measurement: string) => void,
): Promise<Measurements> {
  const { model, attacks, threat, seed = 0, restarts = 5, surrogates = {}, signal } = options;
  const { iterative, longer, singleStep, blackBox, other } = attacks;
  const outputs: Outputs[] = [];
  enter('outputs');
  for (const [i, batch] of batches.entries())
    outputs.push(await memo(`outputs/${i}`, () => measureOutputs(model, batch)));
  const correct = batches.map(({ labels }, i) =>
    labels.flatMap((label, row) => (outputs[i]!.predictions[row] === label ? [row] : [])),
  );

  const gradients: Gradients[] = [];
  enter('gradients');
  for (const [i, batch] of batches.entries())
    gradients.push(await memo(`gradients/${i}`, () => measureGradients(model, batch, correct[i]!, seed)));
  const paths: LossPath[] = [];
  enter('loss path');
  for (const [i, batch] of batches.entries())
    paths.push(
      await memo(`path/${i}`, () => measureLossPath({ model, attack: iterative, threat, seed }, batch, correct[i]!)),
    );
  enter('repetition');
  const repetition = await memo('repetition', () =>
    measureRepetition({ model, attack: iterative, threat, seed, ...(signal && { signal }) }, batches[0]!),
  );

  let unconfirmed = 0;
  const over = async (
    key: string,
    measure: (batch: DrawnBatch) => Promise<AttackOutcomes>,
  ): Promise<{ fooled: Fooled; unconfirmed: number }> => {
    enter(key);
    const fooled: boolean[] = [];
    let lost = 0;
    for (const [i, batch] of batches.entries()) {
      const found = await memo(`${key}/${i}`, () => measure(batch));
      for (const row of correct[i]!) fooled.push(found.success[row] === 1);
      lost += found.unconfirmed;
    }
    return { fooled, unconfirmed: lost };
  };
  const call = (attack: typeof iterative, more: { epsilon?: number; restarts?: number } = {}) => {
    const ball = { norm: threat.norm, epsilon: more.epsilon ?? threat.epsilon };
    const starts = more.restarts ?? 1;
    return (batch: DrawnBatch) =>
      measureAttack({ model, attack, threat: ball, seed, restarts: starts, ...(signal && { signal }) }, batch);
  };
  const main = await over('iterative', call(iterative));
  unconfirmed += main.unconfirmed;
  const size = model.inputShape.reduce((product, length) => product * length, 1);
  const huge = diameter(threat.norm, size, model.bounds);
  const isRandom = iterative.definition.random !== false;
  const transfer: Fooled[] = [];
  for (const [name, source] of Object.entries(surrogates)) {
    const found = await over(`transfer from ${name}`, (batch) =>
      measureTransfer({ model, attack: iterative, threat, seed, ...(signal && { signal }) }, source, batch),
    );
    transfer.push(found.fooled);
  }
  return {
    outputs,
    gradients,
    paths,
    correct: main.fooled.length,
    examples: batches.reduce((sum, { labels }) => sum + labels.length, 0),
    unconfirmed,
    repetition,
    iterative: main.fooled,
    ...(longer && { longer: (await over('longer', call(longer))).fooled }),
    ...(isRandom && restarts > 1 && { restarts: (await over('restarts', call(iterative, { restarts }))).fooled }),
    ...(singleStep && { singleStep: (await over('single step', call(singleStep))).fooled }),
    ...(blackBox && { blackBox: (await over('black box', call(blackBox))).fooled }),
    ...(other && { other: (await over('other attack', call(other))).fooled }),
    ...(transfer.length > 0 && { transfer: main.fooled.map((_, i) => transfer.some((fooled) => fooled[i])) }),
    huge: (await over('huge epsilon', call(iterative, { epsilon: huge }))).fooled,
    smaller: (await over('half of epsilon', call(iterative, { epsilon: threat.epsilon / 2 }))).fooled,
    larger: (await over('twice epsilon', call(iterative, { epsilon: Math.min(huge, 2 * threat.epsilon) }))).fooled,
  };
}

/** Largest distance of two points inside the bounds. */
function diameter(norm: Norm, size: number, [low, high]: readonly [number, number]): number {
  return { linf: 1, l2: Math.sqrt(size), l1: size, l0: size / (high - low) }[norm] * (high - low);
}
