import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Attack, AttackLoss, Classifier, MaximizeOptions, Threat } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { crossEntropyLoss } from '../losses.js';
import { resolveThreat } from '../threat.js';
import { checkLoss, checkNorm, checkShapes } from './inputs.js';
import { perturbPool } from './perturb.js';
import { gather, repeatRows, select } from '../rows.js';
import { GradientTally } from './gradient-tally.js';
import type { Pool, Session } from './session.js';
import { noWinners } from './winners.js';

/** {@link Attack.maximize}. */
export async function maximizeAttack(
  attack: Attack,
  model: Classifier,
  x: Tensor,
  y: Tensor,
  threat: Threat,
  options: MaximizeOptions = {},
): Promise<Tensor> {
  const { labels, ids } = checkShapes(model, x, y, options);
  const own: Tensor[] = [labels];
  let pool: Pool | undefined;
  const gradients = new GradientTally();
  try {
    const resolved = resolveThreat(threat, model.bounds);
    checkNorm(attack, resolved.norm);
    checkLoss(attack, options.loss);
    const session: Session = {
      model,
      how: { mode: options.mode ?? 'eval' },
      threat: resolved,
      loss: options.loss,
      gradients,
      seed: options.seed ?? 0,
      step: options.step ?? 0,
      measures: false,
      signal: options.signal,
      onProgress: options.onProgress?.bind(options),
      onGradient: options.onGradient?.bind(options),
    };
    const loss = options.loss ?? attack.definition.loss ?? crossEntropyLoss;
    const clean = loss.usesClean ? model.logits(x, session.how) : undefined;
    if (clean) own.push(clean);
    const target = options.targets && tf.cast(options.targets, 'int32');
    if (target) own.push(target);
    pool = {
      examples: { ids, x, y: labels, clean, target },
      winners: noWinners(x, new Float32Array(ids.length)),
      foundBy: new Map(),
    };
    const restarts = options.restarts ?? 1;
    const last = await perturbPool(session, pool, attack, {
      restarts,
      stream: attack.name,
      within: false,
    });
    const broken = options.onNotFinite && gradients.count();
    if (broken) options.onNotFinite!(broken);
    if (!last) return closestOrClean(attack, pool);
    if (last.shape[0] === x.shape[0]) return last;
    own.push(last);
    return tf.tidy(() => highestLoss(last, pool!, session, loss));
  } finally {
    gradients.dispose();
    tf.dispose(own);
    if (pool) tf.dispose(pool.winners);
  }
}

function closestOrClean(attack: Attack, { examples, winners }: Pool): Tensor {
  if (attack.definition.budget === 'minimal')
    return tf.tidy(() => select(tf.greater(winners.found, 0), winners.adversarial, examples.x));
  throw new AdvrobError(
    'ADVROB_ATTACK',
    `attack '${attack.name}' returns no last iterate, so it cannot be used for inner maximisation: choose another`,
  );
}

/** Of the lanes of each example the one with the highest loss. */
function highestLoss(last: Tensor, { examples }: Pool, session: Session, loss: AttackLoss): Tensor {
  const count = examples.ids.length;
  const lanes = last.shape[0]! / count;
  const each = (tensor: Tensor): Tensor => repeatRows(tensor, lanes);
  const rows = {
    y: each(examples.y),
    target: examples.target && each(examples.target),
    clean: each(examples.clean ?? session.model.logits(examples.x, session.how)),
  };
  const losses = loss.value(session.model.logits(last, session.how), rows);
  const best = tf.argMax(tf.reshape(losses, [count, lanes]), 1);
  const first = tf.tensor1d(
    Int32Array.from({ length: count }, (_, i) => i * lanes),
    'int32',
  );
  return gather(last, tf.add(first, best));
}
