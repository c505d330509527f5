import { AdvrobError, type Attack, type Classifier, type Dataset, type Norm } from '@advrob/core';

/**
 * @throws AdvrobError `ADVROB_DATA_EMPTY`, `ADVROB_SHAPE` or `ADVROB_BOUNDS` when a model cannot be
 *   judged on the data.
 */
export function checkFit(model: Classifier, data: Dataset): void {
  if (data.length === 0) throw new AdvrobError('ADVROB_DATA_EMPTY', `data set '${data.name}' has no examples`);
  if (model.inputShape.join() !== data.inputShape.join() || model.numClasses < data.numClasses)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `the model takes [${model.inputShape.join(', ')}] and knows ${model.numClasses} classes; data set '${data.name}' has [${data.inputShape.join(', ')}] ` +
        `and ${data.numClasses}: choose a model and data that fit`,
    );
  if (model.bounds[0] !== data.bounds[0] || model.bounds[1] !== data.bounds[1])
    throw new AdvrobError(
      'ADVROB_BOUNDS',
      `the model takes values in [${model.bounds.join(', ')}], data set '${data.name}' has [${data.bounds.join(', ')}]: put the scaling into the model`,
    );
}

/** @throws AdvrobError `ADVROB_OPTION` */
export function checkWhole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new AdvrobError('ADVROB_OPTION', `${name}: expected a whole number of at least ${least}, got ${value}`);
}

/**
 * @throws AdvrobError `ADVROB_NORM` when the attack does not know the norm; `label` is what the
 *   caller calls it.
 */
export function checkNorm(label: string, { definition }: Attack, norm: Norm): void {
  const { norms } = definition;
  if (!norms.includes(norm))
    throw new AdvrobError(
      'ADVROB_NORM',
      `attack '${label}' works for ${norms.join(', ')}, not for ${norm}: choose another norm or attack`,
    );
}
