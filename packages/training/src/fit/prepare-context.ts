import { AdvrobError, type Classifier, type Extras, type PrepareContext, type Random } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { prefixed } from '../random.js';
import { factorAt } from '../schedule.js';
import { checkTensor } from './check-plugins.js';
import { positionOf, type Run } from './run.js';
import { threatAt } from './settings.js';

/**
 * What an objective has at hand for the batch number `draw`.
 *
 * @param own Told of every tensor that is made for the objective.
 */
export function prepareContext<P extends Extras, E extends Extras>(
  run: Run<P, E>,
  draw: number,
  own: (tensor: Tensor) => void,
): PrepareContext {
  const { options, settings, random } = run;
  const { model, signal } = options;
  const position = positionOf(run);
  const threat = threatAt(settings, position);
  const rng = prefixed(random.at(draw), 'prepare/');
  const drawing = (attacked: Classifier): Classifier =>
    settings.attackMode === 'eval' ? attacked : withRandom(attacked, prefixed(random.at(draw), 'attack/'));
  let calls = 0;

  const context: Omit<PrepareContext, 'threat'> = {
    model,
    step: position.step,
    epoch: Math.floor(draw / settings.drawsPerEpoch),
    rng,
    epsilonFactor: factorAt(settings.epsilonSchedule, position),
    signal,
    async maximize({ x, y, ids }, { loss, lanes, attack = options.attack, model: attacked = model } = {}) {
      if (!attack) throw missing('an attack', 'pass `attack`, e.g. pgd({ steps: 7 }) of @advrob/attacks');
      if (!threat) throw missing('a threat', "pass `threat`, e.g. { norm: 'linf', epsilon: 0.3 }");
      // The second attack on a batch draws other starts than the first.
      const seed = (settings.seed + calls++ * 2654435761) % Number.MAX_SAFE_INTEGER;
      const adversarial =
        threat.epsilon === 0
          ? tf.clone(x)
          : await attack.maximize(drawing(attacked), x, y, threat, {
              seed,
              step: draw,
              ids,
              mode: settings.attackMode,
              onGradient: (rows) => (run.counters.inputGradients += rows),
              onNotFinite: (rows) => run.notFinite.push(rows),
              loss,
              ...(lanes !== undefined && { restarts: lanes }),
              signal,
            });
      const rows = lanes === undefined ? x.shape : undefined;
      checkTensor(`attack '${attack.name}', its points`, adversarial, rows, 'ADVROB_ATTACK');
      own(adversarial);
      return adversarial;
    },
  };
  // An objective that needs no threat must run without one; whoever asks for it gets a clear error.
  return Object.defineProperty(context, 'threat', {
    enumerable: threat !== undefined,
    get() {
      if (threat) return threat;
      throw missing('a threat', "pass `threat`, e.g. { norm: 'linf', epsilon: 0.3 }");
    },
  }) as PrepareContext;
}

function missing(what: string, todo: string): AdvrobError {
  return new AdvrobError('ADVROB_ATTACK_MISSING', `fit: the objective needs ${what}, none was given: ${todo}`);
}

/** In train and probe mode dropout draws from `rng`, which an attack does not bring. */
function withRandom(model: Classifier, rng: Random): Classifier {
  return Object.create(model, {
    logits: { value: (x: Tensor, how?: Parameters<Classifier['logits']>[1]) => model.logits(x, { rng, ...how }) },
  }) as Classifier;
}
