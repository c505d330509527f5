import { AdvrobError, type Registry } from '@advrob/core';
import { saveWeights } from '@advrob/models';
import { claimFolder } from '../experiment/run-folder.js';
import { makePart } from '../experiment/parts.js';
import { settingsOf, trainModel } from '../experiment/train-model.js';
import { logTraining } from '../experiment/training-log.js';
import { experimentSchema, type ExperimentInput } from '../config/schema.js';
import { parseEpsilons } from '../flags/epsilon.js';
import { parseSetting } from '../flags/settings.js';
import { createProgress } from '../output/progress.js';
import { followTraining } from '../output/training-progress.js';
import type { Output } from '../output/terminal.js';
import { writeAtomically } from '../storage/file-storage.js';

export interface TrainFlags {
  readonly dataset: string;
  readonly architecture: string;
  readonly objective: string;
  readonly attack?: string;
  readonly norm: 'linf' | 'l2' | 'l1' | 'l0';
  readonly epsilon?: string;
  readonly epochs?: number;
  readonly steps?: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly take?: number;
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
  if (flags.attack !== undefined && flags.epsilon === undefined)
    throw new AdvrobError('ADVROB_USAGE', '--attack needs --epsilon, the radius to train against');
  const experiment = experimentSchema.parse(describe(flags));
  await claimFolder(flags.out, experiment);
  const { dataset, architecture, threat, seed } = experiment;
  const splits = await makePart(registry, 'datasets', dataset);
  const model = makePart(registry, 'models', architecture!)(seed);
  const progress = createProgress();
  const follow = followTraining(architecture!.name, progress);
  const log = logTraining(flags.out);
  try {
    const result = await trainModel({
      registry,
      model,
      splits,
      threat,
      settings: settingsOf(experiment, 'model')!,
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
    model.dispose?.();
  }
}

/** The flags as an experiment, which is what is saved beside the weights. */
function describe(flags: TrainFlags): ExperimentInput {
  const options: Record<string, Record<string, unknown>> = {};
  const used = [
    flags.dataset,
    flags.architecture,
    flags.objective,
    ...(flags.attack === undefined ? [] : [flags.attack]),
  ];
  for (const { owner, key, value } of flags.set.map(parseSetting)) {
    if (owner === undefined || !used.includes(owner))
      throw new AdvrobError(
        'ADVROB_USAGE',
        `--set ${key}: say whose option it is, one of ${used.map((name) => `${name}.${key}`).join(', ')}`,
      );
    options[owner] = { ...options[owner], [key]: value };
  }
  const part = (name: string): { name: string; options: Record<string, unknown> } => ({
    name,
    options: options[name] ?? {},
  });
  return {
    version: 1,
    name: 'train',
    seed: flags.seed,
    dataset: part(flags.dataset),
    threat: { norm: flags.norm, epsilon: flags.epsilon === undefined ? 1 : parseEpsilons(flags.epsilon)[0]! },
    architecture: part(flags.architecture),
    models: [
      {
        id: 'model',
        train: {
          objective: part(flags.objective),
          ...(flags.attack !== undefined && { attack: part(flags.attack) }),
          ...(flags.epochs !== undefined && { epochs: flags.epochs }),
          ...(flags.steps !== undefined && { steps: flags.steps }),
          ...(flags.take !== undefined && { take: flags.take }),
          batchSize: flags.batchSize,
          learningRate: flags.learningRate,
        },
      },
    ],
    evaluation: { attacks: [{ name: flags.attack ?? 'pgd' }] },
  };
}
