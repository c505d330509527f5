import { defineAnalysis, type AnalysisContext } from '@advrob/core';
import { createThreat } from '@advrob/core/threat';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { attacked, probeExamples, type Adversary, type ProbeExamples } from '../probes/examples.js';
import { inputFlatness } from '../probes/flatness.js';
import { smoothnessRatio } from '../probes/smoothness-ratio.js';
import { topEigenvalue } from '../probes/top-eigenvalue.js';
import { checkProbed } from '../probes/weight-vector.js';
import { attackOption, attackOr } from './adversary-option.js';
import { smoothnessReport, type ArmMeasures } from './smoothness-report.js';

const options = z.strictObject({
  attack: attackOption,
  matched: z
    .boolean()
    .default(true)
    .describe('whether the other of Linf and L2 is measured too, at eps_2 = eps_inf sqrt(d)'),
  steps: z
    .array(z.number().positive())
    .min(2)
    .default([1e-1, 1e-2, 1e-3, 1e-4])
    .describe('step lengths h as shares of the norm of the weights'),
  directions: z.int().min(1).default(3).describe('random directions in the weights'),
  examples: z.int().min(1).default(128),
  batchSize: z.int().min(1).default(128),
  eigenvalue: z.boolean().default(true).describe('whether the top eigenvalue of the Hessian is measured'),
  seed: z.int().min(0).default(0).describe('of directions and attack'),
});
type Options = z.output<typeof options>;

/**
 * Smoothness of the loss of a classifier in its weights: clean, under the threat of the run, and
 * under the other of L2 and Linf at a matched budget. K1, the change of the gradient over step
 * lengths with its log-log slope (0 smooth, -1 jumps), K3, the displacement of the attack, K4, the
 * flatness of the loss in the inputs, and K6, the top eigenvalue of the Hessian at frozen examples.
 * Kanai et al. 2021, https://arxiv.org/abs/2103.01400; the probes are defined in this package's
 * README.
 *
 * @throws AdvrobError `ADVROB_ANALYSIS` for a model without weights, `ADVROB_DATASET` for data
 *   that do not fit, `ADVROB_NORM` for a norm that the attack does not know.
 */
export const smoothness = defineAnalysis({
  name: 'smoothness',
  summary: 'How fast the gradient of the adversarial loss changes along the weights, clean, in L2 and in Linf.',
  paper: 'Kanai et al. 2021, Smoothness Analysis of Adversarial Training, https://arxiv.org/abs/2103.01400',
  roles: ['model'],
  options,
  check(subject) {
    checkProbed("analysis 'smoothness'", subject, true);
  },
  async analyze(context, given) {
    const { model } = context.models;
    const examples = await probeExamples("analysis 'smoothness'", model, context.data, {
      count: given.examples,
      batchSize: given.batchSize,
    });
    try {
      const arms: ArmMeasures[] = [];
      for (const [name, adversary] of Object.entries(adversaries(context, given, examples.size)))
        arms.push(await context.memo(name, () => measure(context, given, examples, name, adversary)));
      return smoothnessReport(arms);
    } finally {
      examples.dispose();
    }
  },
});

/** Clean, the threat of the run, and its match. */
function adversaries(
  { threat, models }: AnalysisContext<'model'>,
  { attack: given, matched, seed }: Options,
  size: number,
): Record<string, Adversary | undefined> {
  const attack = attackOr(given);
  const found: Record<string, Adversary | undefined> = { clean: undefined, [threat.norm]: { attack, threat, seed } };
  const { norm, epsilon } = threat;
  if (!matched || (norm !== 'linf' && norm !== 'l2')) return found;
  const other = norm === 'linf' ? 'l2' : 'linf';
  const radius = norm === 'linf' ? epsilon * Math.sqrt(size) : epsilon / Math.sqrt(size);
  found[other] = { attack, threat: createThreat({ norm: other, epsilon: radius }, models.model.bounds), seed };
  return found;
}

async function measure(
  { models: { model } }: AnalysisContext<'model'>,
  { steps, directions, eigenvalue, seed }: Options,
  examples: ProbeExamples,
  name: string,
  adversary: Adversary | undefined,
): Promise<ArmMeasures> {
  const random = createRandom({ seed });
  const points = await smoothnessRatio(model, examples, { adversary, steps, directions, random });
  const inputs = await attacked(model, examples, adversary);
  try {
    return {
      name,
      epsilon: adversary?.threat.epsilon ?? 0,
      points,
      input: await inputFlatness(model, examples, inputs),
      eigenvalue: eigenvalue ? await topEigenvalue(model, examples, inputs, { random }) : null,
    };
  } finally {
    tf.dispose(inputs);
  }
}
