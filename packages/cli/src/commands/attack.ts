import { AdvrobError } from '@advrob/core';
import type { Attack, Classifier, Dataset, Norm, Registry } from '@advrob/core';
import { encodeSafetensors } from '@advrob/core/safetensors';
import type { TensorRecord } from '@advrob/core/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import { join } from 'node:path';
import { loadAnyModel } from '../experiment/load-model.js';
import { createModelShelf } from '../experiment/model-shelf.js';
import { lossNamed, makeComposed } from '../experiment/parts.js';
import { parseEpsilons } from '../flags/common-flags.js';
import { chooseParts } from '../flags/chosen-parts.js';
import { examplesOf } from '../flags/data-flags.js';
import type { DataFlags } from '../flags/data-flags.js';
import { loadOptionsOf } from '../flags/model-flags.js';
import type { ModelFlags } from '../flags/model-flags.js';
import { bar, createProgress, percent } from '../output/progress.js';
import type { Output } from '../output/terminal.js';
import { writeAtomically } from '../output/files.js';

export interface AttackFlags extends ModelFlags, DataFlags {
  readonly model: string;
  readonly attack: string;
  readonly norm: Norm;
  readonly epsilon: string;
  readonly restarts: number;
  readonly loss?: string;
  readonly seed: number;
  readonly out: string;
}

/** What is saved: a tensor per name, one row per example in data-set order. */
interface Crafted {
  readonly x: Float32Array;
  readonly adversarial: Float32Array;
  readonly label: Int32Array;
  readonly prediction: Int32Array;
  readonly success: Int32Array;
  readonly distance: Float32Array;
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
  const parts = chooseParts(registry, flags, flags.set, ['attack']);
  const [epsilon, ...others] = parseEpsilons(flags.epsilon);
  if (others.length > 0)
    throw new AdvrobError(
      'ADVROB_USAGE',
      '--epsilon: attack takes one radius; evaluate takes a list and gives a curve',
    );
  const data = await examplesOf(registry, parts.dataset[0]!, flags);
  const shelf = createModelShelf(registry, data);
  try {
    const attack = await makeComposed(registry, 'attacks', parts.attack[0]!, shelf.find);
    const model = await loadAnyModel(flags.model, registry, loadOptionsOf(flags, parts.architecture[0], data));
    shelf.add(flags.model, model);
    const { crafted, withstood } = await craftAll(attack, model, data, epsilon!, flags, signal);
    const file = join(flags.out, 'adversarial.safetensors');
    await writeAtomically(file, encodeSafetensors(recordsOf(crafted, data)));
    output.result(
      { file, examples: data.length, robustAccuracy: withstood / data.length },
      () => `robust accuracy ${percent(withstood / data.length, 1)} of ${data.length}: ${file}`,
    );
  } finally {
    shelf.dispose();
  }
}

async function craftAll(
  attack: Attack,
  model: Classifier,
  data: Dataset,
  epsilon: number,
  { norm, seed, restarts, loss }: AttackFlags,
  signal: AbortSignal,
): Promise<{ crafted: Crafted; withstood: number }> {
  const size = data.inputShape.reduce((product, side) => product * side, 1);
  const crafted: Crafted = {
    x: new Float32Array(data.length * size),
    adversarial: new Float32Array(data.length * size),
    label: new Int32Array(data.length),
    prediction: new Int32Array(data.length),
    success: new Int32Array(data.length),
    distance: new Float32Array(data.length),
  };
  const chosen = loss === undefined ? {} : { loss: lossNamed(loss) };
  const progress = createProgress();
  let done = 0;
  let withstood = 0;
  try {
    for await (const { x, y, ids } of data.batches({ size: 100 })) {
      try {
        const result = await attack.run(model, x, y, { norm, epsilon }, { seed, ids, restarts, signal, ...chosen });
        crafted.x.set(await x.data<'float32'>(), done * size);
        crafted.adversarial.set(await result.adversarial.data<'float32'>(), done * size);
        result.adversarial.dispose();
        crafted.label.set(await y.data<'int32'>(), done);
        crafted.prediction.set(result.prediction, done);
        crafted.success.set(result.success, done);
        crafted.distance.set(result.distance, done);
        done += ids.length;
        withstood += Math.round(result.robustAccuracy * ids.length);
        progress.update(() => {
          const running = percent(withstood / done, 1);
          return `${attack.name}: ${bar(done / data.length)} ${done}/${data.length}  robust ${running}`;
        });
      } finally {
        tf.dispose([x, y]);
      }
    }
  } finally {
    progress.end();
  }
  return { crafted, withstood };
}

function recordsOf(crafted: Crafted, data: Dataset): Map<string, TensorRecord> {
  const images = [data.length, ...data.inputShape];
  const entries = Object.entries(crafted as unknown as Record<string, Float32Array | Int32Array>);
  return new Map(
    entries.map(([name, values]): [string, TensorRecord] => [
      name,
      {
        dtype: values instanceof Float32Array ? 'float32' : 'int32',
        shape: values.length === data.length ? [data.length] : images,
        data: values,
      },
    ]),
  );
}
