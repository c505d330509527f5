import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Attack, AttackResult, Classifier, RunOptions, Threat } from '../contract/index.js';
import { settle } from '../settle.js';
import { resolveThreat } from '../threat.js';
import { tidy } from '../tidy.js';
import { keepOf, restOf } from './working.js';
import { checkClasses, checkFinite, checkImages, checkLoss, checkNorm, checkOutputs, checkShapes } from './inputs.js';
import { gatherExamples, gatherRows, mergeRows } from './lanes.js';
import { perturbPool } from './perturb.js';
import type { Examples } from './lanes.js';
import { GradientTally } from './gradient-tally.js';
import type { Pool, Session } from './session.js';
import { predictionOf, verify } from './verify.js';
import { noWinners } from './winners.js';

/** {@link Attack.run}. */
export async function runAttack(
  attack: Attack,
  model: Classifier,
  x: Tensor,
  y: Tensor,
  threat: Threat,
  options: RunOptions = {},
): Promise<AttackResult> {
  const { labels, ids } = checkShapes(model, x, y, options);
  const own: Tensor[] = [labels];
  const hold = <T extends Tensor>(tensor: T): T => {
    own.push(tensor);
    return tensor;
  };
  let pool: Pool | undefined;
  const gradients = new GradientTally();
  try {
    const resolved = resolveThreat(threat, model.bounds);
    checkNorm(attack, resolved.norm);
    checkLoss(attack, options.loss);
    const session: Session = {
      model,
      how: { mode: 'eval' },
      threat: resolved,
      loss: options.loss,
      gradients,
      seed: options.seed ?? 0,
      step: 0,
      measures: true,
      signal: options.signal,
      onProgress: options.onProgress?.bind(options),
    };
    const cleanValues = (await x.data()) as Float32Array;
    checkImages(cleanValues, model.bounds, 'images');
    if (y.rank === 1) checkClasses(await y.data(), model.numClasses, 'labels');
    const labelValues = await labels.data();
    const target = options.targets && hold(tf.cast(options.targets, 'int32'));
    const targetValues = target && (await target.data());
    if (options.targets) checkClasses(await options.targets.data(), model.numClasses, 'targets');

    const clean = hold(model.logits(x, session.how));
    await settle(clean);
    checkOutputs(clean, x, model);
    checkFinite(await clean.data(), 'logits of the clean images');
    const cleanPrediction = await predictionOf(clean);
    const done = Float32Array.from(cleanPrediction, (predicted, i) =>
      Number(targetValues ? predicted === targetValues[i] : predicted !== labelValues[i]),
    );

    const examples: Examples = { ids, x, y: labels, clean, target };
    const attacked = Array.from(done).flatMap((isDone, i) => (isDone ? [] : [i]));
    const all = Array.from(done, (_, i) => i);
    const positions = attacked.length === 0 ? [] : (keepOf(attacked, done.length) ?? all);
    const rest = restOf(positions, done.length);
    if (positions.length > 0) {
      const part = gatherExamples(examples, positions);
      pool = {
        examples: part,
        winners: noWinners(
          part.x,
          Float32Array.from(positions, (position) => done[position]!),
        ),
        foundBy: new Map(),
      };
      (
        await perturbPool(session, pool, attack, {
          restarts: options.restarts ?? 1,
          stream: attack.name,
          within: false,
        })
      )?.dispose();
    }
    const winners = tidy(() => {
      const untouched = noWinners(x, done);
      if (pool === undefined) return untouched;
      return mergeRows([pool.winners, gatherRows(untouched, rest)], [...positions, ...rest]);
    });
    Object.values(winners).forEach(hold);
    const foundBy = new Map([...(pool?.foundBy ?? [])].map(([i, name]) => [positions[i]!, name]));
    return await verify({
      attack,
      session,
      examples,
      winners,
      done,
      cleanValues,
      cleanPrediction,
      labelValues,
      targetValues,
      foundBy,
    });
  } finally {
    gradients.dispose();
    tf.dispose(own);
    if (pool) {
      const { ids: _, ...tensors } = pool.examples;
      tf.dispose([tensors, pool.winners]);
    }
  }
}
