import { AdvrobError, type Classifier, type Dataset, type Extras } from '@advrob/core';

/** @throws AdvrobError `ADVROB_DATA_EMPTY`, `ADVROB_SHAPE` or `ADVROB_BOUNDS` when the logits of this model on this data say nothing. */
export function checkSubject<E extends Extras>(model: Classifier, data: Dataset<E>, who: string): void {
  if (data.length === 0) throw new AdvrobError('ADVROB_DATA_EMPTY', `data set '${data.name}' has no examples`);
  if (model.numClasses < 2)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${who} has ${model.numClasses} output: a logit gap needs at least 2 classes; turn a single output N into [-N/2, N/2]`,
    );
  if (model.inputShape.join() !== data.inputShape.join() || model.numClasses < data.numClasses)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${who} takes [${model.inputShape.join(', ')}] and knows ${model.numClasses} classes; data set '${data.name}' has [${data.inputShape.join(', ')}] ` +
        `and ${data.numClasses}: choose a model and data that fit`,
    );
  if (model.bounds[0] !== data.bounds[0] || model.bounds[1] !== data.bounds[1])
    throw new AdvrobError(
      'ADVROB_BOUNDS',
      `${who} takes values in [${model.bounds.join(', ')}], data set '${data.name}' has [${data.bounds.join(', ')}]: put the scaling into the model`,
    );
}

/** @throws AdvrobError `ADVROB_SHAPE` unless both models know the same classes. */
export function checkSameClasses(models: Readonly<Record<string, Classifier>>): void {
  const [[name, first], ...others] = Object.entries(models) as [[string, Classifier], ...[string, Classifier][]];
  for (const [other, { numClasses }] of others)
    if (numClasses !== first.numClasses)
      throw new AdvrobError(
        'ADVROB_SHAPE',
        `'${name}' knows ${first.numClasses} classes and '${other}' ${numClasses}: only models of the same classes can be compared`,
      );
}
