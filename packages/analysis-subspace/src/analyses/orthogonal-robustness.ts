import { AdvrobError, defineAnalysis, stopIfAborted } from '@advrob/core';
import type { AnalysisContext, Classifier, Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { complementDimension, projectOnto } from '@advrob/datasets';
import type { Subspace } from '@advrob/datasets';
import { flipDistances } from '../measure/flip-distance.js';
import { orthogonalGradient, universalDirection } from '../measure/orthogonal-gradient.js';
import { foundSubspace, resolveFound } from '../orthogonal.js';
import { robustnessReport } from './robustness-report.js';
import type { ExamplePoint } from './robustness-report.js';

const options = z.strictObject({
  subspace: foundSubspace.default({ components: 32 }),
  from: z.int().min(1).default(2000).describe('examples in which the subspace is looked for'),
  examples: z.int().min(1).default(200).describe('examples to measure, the first of the data'),
  project: z
    .boolean()
    .default(false)
    .describe('whether examples are first moved to their nearest point of the subspace'),
  limit: z
    .number()
    .positive()
    .default(20)
    .describe('farthest flip distance looked at, Euclidean, in units of the inputs'),
  batchSize: z.int().min(1).default(100),
});
type Options = z.output<typeof options>;

/**
 * How a classifier of any kind behaves off the linear subspace that its data lie on: gradients
 * along and orthogonal to it, the distance at which the prediction flips along the orthogonal
 * gradient, and the share that one universal direction for each class flips (Melamed, Yehudai and
 * Vardi 2023, https://arxiv.org/abs/2303.00783, on any model). Perturbations may leave the bounds
 * of the inputs; the share that need not is reported.
 *
 * Options: `subspace` `{ components }` (default 32), `{ dead: true }`, `{ unused }` or `{ basis }`,
 * `from` 2000, `examples` 200, `project` false, `limit` 20.
 *
 * @throws AdvrobError `ADVROB_DATASET` for data that do not fit the model or leave no subspace,
 *   `ADVROB_OPTION`, `ADVROB_SHAPE`.
 */
export const orthogonalRobustness = defineAnalysis({
  name: 'orthogonal-robustness',
  summary: 'Gradients and flip distances orthogonal to the subspace that data lie on, for any classifier.',
  paper: 'Melamed, Yehudai, Vardi 2023, https://arxiv.org/abs/2303.00783',
  roles: ['model'],
  options,
  check({ models, data }) {
    checkFits(models.model, data);
  },
  async analyze(context, given) {
    const { data } = context;
    const subspace = await resolveFound(given.subspace, data.take(given.from));
    const examples = await context.memo('examples', () => measure(context, subspace, given));
    const universal = await context.memo('universal', () => universalFlips(context, subspace, given));
    const { size, dimension, kind } = subspace;
    return robustnessReport({ size, dimension, kind, complement: complementDimension(subspace) }, examples, universal);
  },
});

type Context = AnalysisContext<'model'>;

function checkFits(model: Classifier, data: Dataset): void {
  if (model.inputShape.join() === data.inputShape.join() && model.numClasses === data.numClasses && data.length > 0)
    return;
  throw new AdvrobError(
    'ADVROB_DATASET',
    `analysis 'orthogonal-robustness': the model takes [${model.inputShape.join(', ')}] and has ${model.numClasses} classes, but data set '${data.name}' has ${data.length} examples of [${data.inputShape.join(', ')}] and ${data.numClasses} classes`,
  );
}

/** Runs `body` on batches of the examples. */
async function eachBatch(
  { data, signal }: Context,
  subspace: Subspace,
  { examples, batchSize, project }: Options,
  body: (x: Tensor, y: Tensor) => Promise<void>,
): Promise<void> {
  for await (const { x, y } of data.take(examples).batches({ size: batchSize })) {
    const points = project ? projectOnto(subspace, x) : tf.clone(x);
    try {
      stopIfAborted(signal);
      await body(points, y);
    } finally {
      tf.dispose([x, y, points]);
    }
  }
}

async function measure(context: Context, subspace: Subspace, given: Options): Promise<ExamplePoint[]> {
  const found: ExamplePoint[] = [];
  const { model } = context.models;
  await eachBatch(context, subspace, given, async (x, y) => {
    const gradient = orthogonalGradient(model, subspace, x);
    try {
      const read = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());
      const [labels, predictions, leads] = [await read(y), await read(gradient.prediction), await read(gradient.lead)];
      const [orthogonal, along] = [await read(gradient.orthogonal), await read(gradient.along)];
      const { distances, isInside } = await flipDistances(model, x, gradient.direction, { limit: given.limit });
      labels.forEach((label, i) =>
        found.push({
          label,
          prediction: predictions[i]!,
          lead: leads[i]!,
          orthogonal: orthogonal[i]!,
          along: along[i]!,
          flip: distances[i]!,
          isInside: isInside[i]!,
        }),
      );
    } finally {
      tf.dispose({ ...gradient });
    }
  });
  return found;
}

/**
 * Flip distances along the universal direction of each class, for the examples of the first batch
 * that is predicted as it.
 */
async function universalFlips(
  context: Context,
  subspace: Subspace,
  given: Options,
): Promise<{ label: number; flips: (number | null)[] }[]> {
  const { model } = context.models;
  const found: { label: number; flips: (number | null)[] }[] = [];
  // All examples at once: a direction belongs to a whole class.
  await eachBatch(context, subspace, { ...given, batchSize: given.examples }, async (x) => {
    const labels = tf.tidy(() => tf.argMax(model.logits(x), 1));
    const predictions = await labels.data();
    labels.dispose();
    for (let label = 0; label < model.numClasses; label++) {
      const members = Array.from(predictions).flatMap((predicted, i) => (predicted === label ? [i] : []));
      if (members.length === 0) continue;
      const own = tf.tidy(() => tf.gather(x, tf.tensor1d(members, 'int32')));
      const direction = universalDirection(model, subspace, own, label);
      const directions = tf.tidy(() => tf.mul(direction, tf.onesLike(own)));
      try {
        const { distances } = await flipDistances(model, own, directions, { limit: given.limit });
        found.push({ label, flips: [...distances] });
      } finally {
        tf.dispose([own, direction, directions]);
      }
    }
  });
  return found;
}
