import { AdvrobError, defineAnalysis } from '@advrob/core';
import type { AnalysisContext, Classifier, Dataset } from '@advrob/core';
import * as z from 'zod';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkSameClasses, collectLogits } from '../collect.js';
import { distill } from '../distillation/distill.js';
import { marginRobustness } from '../distillation/margin-robustness.js';
import { studentBars } from '../figures/student-bars.js';
import type { LogitMatrix } from '../logit-matrix.js';
import { logitStatistics } from '../logit-statistics.js';
import { manipulate, manipulationIds, manipulations } from '../manipulations/catalogue.js';
import type { ManipulationId } from '../manipulations/catalogue.js';
import { distillationSentences } from './sentences.js';
import { checkInputs } from './inputs.js';

const schema = z.strictObject({
  manipulations: z
    .array(z.enum(manipulationIds))
    .min(1)
    .optional()
    .describe(
      'what is done to the logits of the robust teacher, one student each; default: all that the number of classes allows',
    ),
  loss: z
    .enum(['kl', 'mse'])
    .default('kl')
    .describe('divergence of the outputs, or mean squared distance of the logits'),
  temperature: z.number().positive().default(1).describe('tau, by which the logits of both are divided; for kl'),
  testShare: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.2)
    .describe('share of the data, its end, that students are measured on and never see'),
  epochs: z.number().positive().default(12).describe('passes of each student over the other examples'),
  learningRate: z.number().positive().default(0.1).describe('of SGD with momentum 0.9, along a cosine to 0'),
  trainBatchSize: z.int().min(1).default(100).describe('examples per step'),
  shares: z
    .array(z.number().positive())
    .min(1)
    .default([1 / 5, 1 / 2, 1])
    .describe("radii, as shares of the threat's epsilon"),
  attackSteps: z.int().min(1).default(20).describe('steps of PGD, on cross-entropy and on the margin'),
  batchSize: z.int().min(1).default(128).describe('examples per batch where nothing is trained'),
  seed: z.int().min(0).default(0).describe('of permutations, the order of the data and the starts of PGD'),
});
type Options = z.output<typeof schema>;
type Context = AnalysisContext<'standard' | 'robust' | 'student'>;
type Logits = { readonly standard: LogitMatrix; readonly robust: LogitMatrix };

/**
 * What of a robust teacher's logits makes a student robust: trains the `student` from its weights
 * as they are, on the manipulated logits of the robust teacher and on those of the standard one, on
 * clean inputs without labels, and measures clean accuracy and robustness under PGD on
 * cross-entropy and on the margin. All students share initial weights and batches, and the
 * student's weights are given back at the end. Result:
 * `{ train, test, arms: [{ arm, manipulation, clean, points, meanMax, meanGap }], findings, figures }`,
 * plain JSON. The first arms are the two teachers and the student of the standard one.
 *
 * @throws AdvrobError `ADVROB_OPTION` for manipulations that change nothing with so few classes,
 *   `ADVROB_DATA_EMPTY` when a part of the data has no examples, `ADVROB_SHAPE`, `ADVROB_BOUNDS`,
 *   `ADVROB_PROBABILITIES`, `ADVROB_NORM` and what `fit` throws for models, data or a threat that
 *   it cannot treat.
 * @example
 * ```ts
 * import { manipulatedDistillation } from '@advrob/analysis-logits';
 * const analysis = manipulatedDistillation({ manipulations: ['M0', 'M3', 'M7'], epochs: 6 });
 * ```
 */
export const manipulatedDistillation = defineAnalysis({
  name: 'manipulated-distillation',
  summary: "What of a robust teacher's logits makes a student robust: students of manipulated logits, M0 to M11.",
  paper:
    'Seguin et al. 2021, Understanding the Logit Distributions of Adversarially-Trained Deep Neural Networks, https://arxiv.org/abs/2108.12001',
  roles: ['standard', 'robust', 'student'],
  options: schema,
  check(subject, options) {
    const { models, data } = subject;
    checkSameClasses(models);
    checkInputs(subject, options);
    checkManipulations(idsOf(options, models.robust), models.robust.numClasses);
    parts(data, options.testShare);
  },
  async analyze(context, options) {
    const { models, memo } = context;
    const ids = idsOf(options, models.robust);
    const [train, test] = parts(context.data, options.testShare);
    const logits = logitsOnce(context, train, options);
    const measure = (model: Classifier) => measured(model, test, context, options);
    const learn = async (target: (teachers: Logits) => LogitMatrix) => {
      const teacher = target(await logits());
      return keepingValues(models.student, async () => {
        await trainStudent(context, train, teacher, options);
        return measure(models.student);
      });
    };
    const arms = [
      { arm: 'standard', ...(await memo('teacher/standard', () => measure(models.standard))) },
      { arm: 'robust', ...(await memo('teacher/robust', () => measure(models.robust))) },
      { arm: 'student of standard', ...(await memo('student/standard', () => learn(({ standard }) => standard))) },
    ];
    for (const id of ids) {
      const change = ({ standard, robust }: Logits) => manipulate(id, robust, { standard, seed: options.seed });
      arms.push({ arm: `${id}: ${manipulations[id].summary}`, ...(await memo(`student/${id}`, () => learn(change))) });
    }
    return {
      train: train.length,
      test: test.length,
      arms,
      findings: distillationSentences(arms),
      figures: [studentBars(arms)],
    };
  },
});

function idsOf({ manipulations: chosen }: Options, { numClasses }: Classifier): readonly ManipulationId[] {
  return chosen ?? manipulationIds.filter((id) => manipulations[id].minClasses <= numClasses);
}

function checkManipulations(ids: readonly ManipulationId[], classes: number): void {
  const useless = ids.filter((id) => manipulations[id].minClasses > classes);
  if (useless.length > 0)
    throw new AdvrobError(
      'ADVROB_OPTION',
      `manipulations ${useless.join(', ')} change nothing with ${classes} classes: leave them out`,
    );
}

function parts(data: Dataset, testShare: number): [train: Dataset, test: Dataset] {
  const trained = Math.floor(data.length * (1 - testShare));
  if (trained === 0 || trained === data.length)
    throw new AdvrobError(
      'ADVROB_DATA_EMPTY',
      `${data.length} examples of '${data.name}' with testShare ${testShare} leave none to ${trained === 0 ? 'train' : 'test'} on: give more data`,
    );
  const positions = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
  return [data.subset(positions(0, trained)), data.subset(positions(trained, data.length))];
}

/** The logits of both teachers on the training examples: when the first student needs them. */
function logitsOnce({ models, signal }: Context, train: Dataset, { batchSize }: Options): () => Promise<Logits> {
  const collect = async (who: 'standard' | 'robust') =>
    (await collectLogits(models[who], train, { batchSize, who: `model '${who}'`, signal })).logits;
  let found: Logits | undefined;
  return async () => (found ??= { standard: await collect('standard'), robust: await collect('robust') });
}

async function trainStudent(
  { models, signal }: Context,
  data: Dataset,
  teacher: LogitMatrix,
  options: Options,
): Promise<void> {
  const { loss, temperature, epochs, learningRate, trainBatchSize, seed } = options;
  await distill({
    model: models.student,
    data,
    teacher,
    loss,
    temperature,
    epochs,
    learningRate,
    batchSize: trainBatchSize,
    schedule: { name: 'cosine' },
    seed,
    signal,
  });
}

async function measured(model: Classifier, test: Dataset, { threat, signal }: Context, options: Options) {
  const { shares, attackSteps: steps, batchSize, seed } = options;
  const common = { batchSize, seed, signal };
  const { clean, points } = await marginRobustness(model, test, { threat, shares, steps, ...common });
  const { measures } = await logitStatistics(model, test, common);
  return { clean, points, meanMax: measures.max.mean, meanGap: measures.gap.mean };
}

/**
 * Runs `body`, which may train the model, and gives it its weights and buffers back, also when
 * `body` throws.
 */
async function keepingValues<T>(model: Classifier, body: () => Promise<T>): Promise<T> {
  const variables = Object.values({ ...model.weights, ...model.buffers });
  const before = variables.map((variable) => tf.clone(variable as Tensor));
  try {
    return await body();
  } finally {
    for (const [i, variable] of variables.entries()) variable.assign(before[i]!);
    tf.dispose(before);
  }
}
