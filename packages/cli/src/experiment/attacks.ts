import type { Registry } from '@advrob/core';
import type { EvaluationAttack } from '@advrob/evaluation';
import type { MeasuringExperiment } from '../config/schema.js';
import { lossNamed } from './parts.js';
import { makeComposed, type ModelFinder } from './references.js';

/** The attacks of an experiment, with the threats they are run under. */
export async function attacksOf(
  { threat, evaluation }: MeasuringExperiment,
  registry: Registry,
  find: ModelFinder,
): Promise<EvaluationAttack[]> {
  const attacks: EvaluationAttack[] = [];
  for (const { name, label, options, norm, epsilon, restarts, loss } of evaluation.attacks)
    attacks.push({
      attack: await makeComposed(registry, 'attacks', { name, options }, find),
      norm: norm ?? threat.norm,
      epsilon: epsilon ?? threat.epsilon,
      restarts,
      ...(label !== undefined && { label }),
      ...(loss !== undefined && { loss: lossNamed(loss) }),
    });
  return attacks;
}
