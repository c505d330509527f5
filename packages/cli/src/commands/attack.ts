import { optionNames, type Norm, type Registry } from '@advrob/core';
import { encodeSafetensors, type TensorRecord } from '@advrob/core/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import { join } from 'node:path';
import { lossNamed, makePart } from '../experiment/parts.js';
import { loadAnyModel } from '../experiment/load-model.js';
import { parseEpsilons } from '../flags/epsilon.js';
import { applySettings, parseSetting } from '../flags/settings.js';
import { bar, createProgress, percent } from '../output/progress.js';
import type { Output } from '../output/terminal.js';
import { writeAtomically } from '../storage/file-storage.js';

export interface AttackFlags {
  readonly model: string;
  readonly architecture?: string;
  readonly dataset: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly take: number;
  readonly attack: string;
  readonly norm: Norm;
  readonly epsilon: string;
  readonly restarts: number;
  readonly loss?: string;
  readonly set: readonly string[];
  readonly seed: number;
  readonly out: string;
}

/**
 * `advrob attack`: crafts adversarial examples and saves them: `adversarial.safetensors` (float32 `x`, `adversarial`, and per example `label`,
 * `prediction`, `success`, `distance`), one row per example in data-set order.
 */
export async function attackCommand(
  flags: AttackFlags,
  registry: Registry,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { definition } = registry.find('attacks', flags.attack);
  const [part] = applySettings(
    [{ name: flags.attack, options: {}, known: optionNames(definition.options) }],
    flags.set.map(parseSetting),
  );
  const attack = makePart(registry, 'attacks', part!);
  const [epsilon] = parseEpsilons(flags.epsilon);
  const loss = flags.loss === undefined ? undefined : lossNamed(flags.loss);
  const splits = await makePart(registry, 'datasets', { name: flags.dataset, options: {} });
  const data = splits[flags.split].take(flags.take);
  const model = await loadAnyModel(flags.model, registry, {
    bounds: data.bounds,
    ...(flags.architecture !== undefined && { architecture: flags.architecture }),
  });
  const size = data.inputShape.reduce((product, side) => product * side, 1);
  const found = {
    x: new Float32Array(data.length * size),
    adversarial: new Float32Array(data.length * size),
    label: new Int32Array(data.length),
    prediction: new Int32Array(data.length),
    success: new Int32Array(data.length),
    distance: new Float32Array(data.length),
  };
  const progress = createProgress();
  let done = 0;
  let withstood = 0;
  try {
    for await (const batch of data.batches({ size: 100 })) {
      try {
        const result = await attack.run(
          model,
          batch.x,
          batch.y,
          { norm: flags.norm, epsilon: epsilon! },
          {
            seed: flags.seed,
            ids: batch.ids,
            restarts: flags.restarts,
            signal,
            ...(loss && { loss }),
          },
        );
        found.x.set(await batch.x.data<'float32'>(), done * size);
        found.adversarial.set(await result.adversarial.data<'float32'>(), done * size);
        found.label.set(await batch.y.data<'int32'>(), done);
        found.prediction.set(result.prediction, done);
        found.success.set(result.success, done);
        found.distance.set(result.distance, done);
        result.adversarial.dispose();
        done += batch.ids.length;
        withstood += Math.round(result.robustAccuracy * batch.ids.length);
        progress.update(
          () =>
            `${flags.attack}: ${bar(done / data.length)} ${done}/${data.length}  robust ${percent(withstood / done, 1)}`,
        );
      } finally {
        tf.dispose([batch.x, batch.y]);
      }
    }
  } finally {
    progress.end();
    model.dispose?.();
  }
  const images = [data.length, ...data.inputShape];
  const path = join(flags.out, 'adversarial.safetensors');
  const records = Object.entries(found).map(([name, values]): [string, TensorRecord] => [
    name,
    {
      dtype: values instanceof Float32Array ? 'float32' : 'int32',
      shape: values.length === data.length ? [data.length] : images,
      data: values,
    },
  ]);
  await writeAtomically(path, encodeSafetensors(new Map(records)));
  output.result(
    { file: path, examples: data.length, robustAccuracy: withstood / data.length },
    () => `robust accuracy ${percent(withstood / data.length, 1)} of ${data.length}: ${path}`,
  );
}
