import type { Dataset, Norm } from '@advrob/core';
import type { Evaluation, RecordWarning } from '@advrob/evaluation';
import { percent } from '../output/progress.js';

/** What of data is needed to speak of it. */
type Measured = Pick<Dataset, 'name' | 'numClasses' | 'classNames'>;

/**
 * Radii whose ball holds every input that there can be: an attack that moves that far says nothing,
 * and such a radius is nearly always in units of other inputs.
 */
export function radiusWarnings(
  radii: readonly { readonly norm: Norm; readonly epsilon: number | readonly number[] }[],
  { inputShape, bounds: [low, high] }: Pick<Dataset, 'inputShape' | 'bounds'>,
): RecordWarning[] {
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  const range = high - low;
  const widest: Readonly<Record<Norm, number>> = {
    linf: range,
    l2: range * Math.sqrt(size),
    l1: range * size,
    l0: size,
  };
  const pairs = radii.flatMap(({ norm, epsilon }) => [epsilon].flat().map((each) => ({ norm, epsilon: each })));
  const tooWide = pairs.filter(({ norm, epsilon }) => Number.isFinite(epsilon) && epsilon >= widest[norm]);
  return [...new Set(tooWide.map(({ norm, epsilon }) => `${norm} ${epsilon}`))].map((radius) => {
    const [norm, epsilon] = radius.split(' ') as [Norm, string];
    const inBytes = norm !== 'l0' && range === 1 && Number(epsilon) >= 1;
    const hint = inBytes ? `: did you mean ${epsilon}/255?` : '';
    return {
      message: `epsilon ${epsilon} in ${norm} reaches every input that there can be, since inputs are in [${low}, ${high}]${hint}`,
    };
  });
}

/** Labels that tell too little: all examples are of one class. */
export function labelWarnings(labels: ArrayLike<number>, data: Measured, take: number | undefined): RecordWarning[] {
  const seen = new Set(Array.from(labels));
  if (data.numClasses < 2 || labels.length < 2 || seen.size > 1) return [];
  const [label] = seen;
  const named = data.classNames === undefined ? `class ${label}` : `class ${label} (${data.classNames[label!]})`;
  const why =
    take === undefined || labels.length < take
      ? 'nothing is measured but how often the model says that class'
      : 'the data are sorted by class, and `take` takes the first ones: take more, or mix the data';
  return [{ message: `all ${labels.length} examples of ${data.name} are of ${named}: ${why}` }];
}

/** Deviations of guessing up to which an accuracy cannot be told from it. */
const deviations = 2;

/**
 * What an evaluation says of its data and attacks rather than of the model: one class alone, an
 * accuracy that guessing has too, which mostly means other classes, another order of them, or inputs
 * of another form; and attacks that tell less than their name promises.
 */
export function evaluationWarnings(
  { result, labels }: Pick<Evaluation, 'labels'> & { readonly result: Tried },
  data: Measured,
  take: number | undefined,
): RecordWarning[] {
  const caveats = result.attacks.flatMap(({ label, caveat }) =>
    caveat === undefined ? [] : [{ message: `the number of ${label} ${caveat}` }],
  );
  return [...chanceWarnings(result, labels, data, take), ...caveats];
}

type Tried = Pick<Evaluation['result'], 'name' | 'clean'> & {
  readonly attacks: readonly Pick<Evaluation['result']['attacks'][number], 'label' | 'caveat'>[];
};

function chanceWarnings(
  result: Tried,
  labels: Evaluation['labels'],
  data: Measured,
  take: number | undefined,
): RecordWarning[] {
  const oneClass = labelWarnings(labels, data, take);
  if (oneClass.length > 0 || data.numClasses < 2) return oneClass;
  const { rate, total } = result.clean;
  const chance = 1 / data.numClasses;
  if (rate > chance + deviations * Math.sqrt((chance * (1 - chance)) / total)) return [];
  return [
    {
      model: result.name,
      message:
        `the clean accuracy, ${percent(rate, 1)} of ${total}, is what guessing among ${data.numClasses} classes gives, so robust accuracies say nothing: ` +
        'check the order of the classes, the form of the inputs (--input-range, --mean, --std), and whether the model is of these data',
    },
  ];
}
