import { AdvrobError } from '@advrob/core';
import type { Registry } from '@advrob/core';
import { saveWeights } from '@advrob/models';
import { loadData } from '../experiment/load-data.js';
import { experimentSchema } from '../config/schema.js';
import type { ExperimentInput, ModelExperiment } from '../config/schema.js';
import { createModelShelf } from '../experiment/model-shelf.js';
import { makePart } from '../experiment/parts.js';
import { claimFolder } from '../experiment/run-folder.js';
import { logTraining, trainModel } from '../experiment/train-model.js';
import { makeTrainingParts, settingsOf } from '../experiment/training-parts.js';
import { parseEpsilon } from '../flags/common-flags.js';
import { chooseParts } from '../flags/chosen-parts.js';
import { createProgress, followTraining } from '../output/progress.js';
import type { Output } from '../output/terminal.js';
import { writeAtomically } from '../output/files.js';

export interface TrainFlags {
  readonly dataset: string;
  readonly architecture: string;
  readonly trainer?: string;
  readonly objective?: string;
  readonly optimizer?: string;
  readonly attack?: string;
  readonly teacher?: string;
  readonly norm: 'linf' | 'l2' | 'l1' | 'l0';
  readonly epsilon?: string;
  readonly epochs?: number;
  readonly steps?: number;
  readonly batchSize: number;
  readonly learningRate?: number;
  readonly take?: number;
  readonly tensorboard?: boolean;
  readonly set: readonly string[];
  readonly seed: number;
  readonly out: string;
}

/** `advrob train`: trains one model; writes `weights.safetensors`, checkpoints and `metrics.jsonl` into the folder. Goes on where it was stopped. */
export async function trainCommand(
  flags: TrainFlags,
  registry: Registry,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  if ((flags.attack !== undefined || flags.trainer !== undefined) && flags.epsilon === undefined)
    throw new AdvrobError(
      'ADVROB_USAGE',
      `--${flags.attack === undefined ? 'trainer' : 'attack'} needs --epsilon, the radius to train against`,
    );
  // It has a model, so the schema has seen to the rest.
  const experiment = experimentSchema.parse(describe(flags, registry)) as ModelExperiment;
  const settings = settingsOf(experiment, 'model')!;
  const { dataset, architecture, threat, seed } = experiment;
  const splits = await loadData(registry, dataset);
  const shelf = createModelShelf(registry, splits.train);
  const progress = createProgress();
  try {
    const parts = await makeTrainingParts(registry, settings, shelf.find);
    const model = makePart(registry, 'models', architecture!)(seed);
    shelf.add('the model itself', model);
    await claimFolder(flags.out, experiment);
    const follow = followTraining(architecture!.name, progress);
    const log = logTraining(flags.out, { tensorboard: settings.tensorboard ?? false });
    const result = await trainModel({
      model,
      splits,
      threat,
      settings,
      parts,
      seed,
      folder: flags.out,
      signal,
      onEvent: (event) => {
        follow(event);
        log.add(event);
      },
    });
    await log.done();
    const weights = `${flags.out}/weights.safetensors`;
    await writeAtomically(weights, await saveWeights(model));
    output.result(
      { weights, steps: result.steps, epochs: result.epochs, best: result.best ?? null },
      () => `trained ${result.steps} steps: ${weights}`,
    );
  } finally {
    progress.end();
    shelf.dispose();
  }
}

/** The flags as an experiment, which is what is saved beside the weights. */
function describe(flags: TrainFlags, registry: Registry): ExperimentInput {
  const { dataset, architecture, ...others } = chooseParts(registry, flags, flags.set);
  const training = Object.fromEntries(Object.entries(others).flatMap(([flag, [part]]) => (part ? [[flag, part]] : [])));
  return {
    version: 1,
    name: 'train',
    seed: flags.seed,
    dataset: dataset[0]!,
    threat: { norm: flags.norm, epsilon: flags.epsilon === undefined ? 1 : parseEpsilon(flags.epsilon) },
    architecture: architecture[0]!,
    models: [
      {
        id: 'model',
        train: {
          ...training,
          ...(flags.teacher !== undefined && { teacher: flags.teacher }),
          ...(flags.epochs !== undefined && { epochs: flags.epochs }),
          ...(flags.steps !== undefined && { steps: flags.steps }),
          ...(flags.take !== undefined && { take: flags.take }),
          ...(flags.tensorboard && { tensorboard: true }),
          batchSize: flags.batchSize,
          ...(flags.learningRate !== undefined && { learningRate: flags.learningRate }),
        },
      },
    ],
    evaluation: { attacks: [{ name: flags.attack ?? 'pgd' }] },
  };
}
