import { AdvrobError, type Classifier, type Dataset } from '@advrob/core';
import { likelyInput, type Normalization } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';

/** What a network expects, as flags and configs say it. */
export interface ModelInput {
  /** What it takes for the least and the greatest value of the data. */
  readonly range?: readonly number[] | undefined;
  readonly mean?: number | readonly number[] | undefined;
  readonly std?: number | readonly number[] | undefined;
}

/**
 * The mean and deviation that bring data within `bounds` to what a network expects; undefined when nothing was said.
 *
 * @throws AdvrobError `ADVROB_OPTION` for a range beside mean or std, or one that is no [low, high].
 */
export function normalizationOf(
  { range, mean, std }: ModelInput,
  bounds: readonly [number, number],
): Normalization | undefined {
  if (range === undefined)
    return mean === undefined && std === undefined ? undefined : { mean: mean ?? 0, std: std ?? 1 };
  const [low, high] = range;
  if (mean !== undefined || std !== undefined)
    throw new AdvrobError('ADVROB_OPTION', 'input range: give a range, or mean and std, not both');
  if (range.length !== 2 || !(low! < high!))
    throw new AdvrobError('ADVROB_OPTION', `input range: expected low,high with low < high, got ${range.join(',')}`);
  const scale = (bounds[1] - bounds[0]) / (high! - low!);
  return { mean: bounds[0] - low! * scale, std: scale };
}

/** Examples that are looked at, spread over the data, which may be sorted by class. */
const looked = 200;

/**
 * Refuses a model that classifies images in [0, 1] far worse than the same images in a form that networks are often trained on.
 *
 * @throws AdvrobError `ADVROB_INPUT_RANGE` with the flag to add.
 */
export async function checkInputForm(name: string, model: Classifier, data: Dataset): Promise<void> {
  const isImage = model.inputShape.length === 3 && model.inputShape.join() === data.inputShape.join();
  if (!isImage || data.bounds[0] !== 0 || data.bounds[1] !== 1 || model.numClasses !== data.numClasses) return;
  const count = Math.min(looked, data.length);
  const spread = data.subset(Int32Array.from({ length: count }, (_, i) => Math.floor((i * data.length) / count)));
  for await (const { x, y } of spread.batches({ size: Math.max(count, 1) })) {
    const found = await likelyInput(model, x, y).finally(() => tf.dispose([x, y]));
    if (found === undefined) continue;
    const percent = (share: number) => `${Math.round(100 * share)}%`;
    throw new AdvrobError(
      'ADVROB_INPUT_RANGE',
      `${name}: classifies ${percent(found.accuracy)} of ${count} examples rightly as they are, in [0, 1], but ${percent(found.better)} as ${found.words}. ` +
        `Add ${flagsOf(found.normalization)}; or --input-range 0,1 (in a config input: { range: [0, 1] }) if it is right as it is`,
    );
  }
}

function flagsOf({ mean, std }: Normalization): string {
  if (mean === 0 && std === 1 / 255) return '--input-range 0,255 (in a config input: { range: [0, 255] })';
  if (mean === 0.5 && std === 0.5) return '--input-range=-1,1 (in a config input: { range: [-1, 1] })';
  const words = (values: number | readonly number[]) => [values].flat().join(',');
  return `--mean ${words(mean)} --std ${words(std)} (in a config input: { mean, std }), or the numbers that it was trained with`;
}
