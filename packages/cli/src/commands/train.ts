import { AdvrobError, type Registry } from '@advrob/core';
import { saveWeights } from '@advrob/models';
import type { Command } from 'commander';
import { codeOf } from '../backend/environment.js';
import { parseExperiment } from '../config/load.js';
import type { ExperimentInput, ModelExperiment } from '../config/schema.js';
import { checkTrainable, loadData } from '../experiment/load-data.js';
import { checkModel } from '../experiment/model-check.js';
import { createModelShelf } from '../experiment/model-shelf.js';
import { makePart } from '../experiment/parts.js';
import { claimFolder } from '../experiment/run-folder.js';
import { workIn, type FileHashes } from '../experiment/record.js';
import { trainModel } from '../experiment/train-model.js';
import { makeTrainingParts, settingsOf } from '../experiment/training-parts.js';
import { chooseParts } from '../flags/chosen-parts.js';
import { backendFlags, jsonFlag, normFlag, parseEpsilon, pluginFlag, seedFlag } from '../flags/common-flags.js';
import { datasetFlag, settingFlag } from '../flags/data-flags.js';
import { flag, positive, wholeNumber, type Values } from '../flags/flag.js';
import { modelCheckFlag } from '../flags/model-flags.js';
import { writeAtomically } from '../storage/files.js';
import { terminalOutput } from '../output/terminal.js';
import { createProgress } from '../output/progress.js';
import { addCommand, defaultFolder, ready, type Call } from './command.js';

const flags = [
  ...backendFlags,
  flag('--architecture <name>', 'see: advrob list models', { required: true }),
  modelCheckFlag,
  datasetFlag,
  flag('--trainer <name>', 'a named recipe, see: advrob list trainers; other flags override its parts'),
  flag('--objective <name>', "see: advrob list objectives; default: the trainer's, else erm"),
  flag('--optimizer <name>', "see: advrob list optimizers; default: the trainer's, else sgd with momentum"),
  flag('--attack <name>', 'the inner maximisation of robust objectives'),
  flag('--teacher <path>', 'of kd: a safetensors file, or a folder with a tfjs model.json'),
  normFlag,
  flag('--epsilon <radius>', 'to train against, e.g. 0.3 or 8/255'),
  flag('--epochs <n>', 'passes over the data', { read: positive }),
  flag('--steps <n>', 'instead of epochs', { read: wholeNumber(1), conflicts: 'epochs' }),
  flag('--batch-size <n>', undefined, { read: wholeNumber(1), default: 128 }),
  flag('--learning-rate <rate>', "default: the trainer's, else 0.01", { read: positive }),
  flag('--take <n>', 'the first training examples only', { read: wholeNumber(1) }),
  flag('--tensorboard', 'writes an event file for TensorBoard too'),
  settingFlag('every part that has it'),
  seedFlag,
  pluginFlag,
  flag('--out <folder>', 'for weights, checkpoints and the log, default below runs/'),
  jsonFlag,
] as const;
type TrainFlags = Values<typeof flags> & { readonly out: string };

/**
 * `advrob train`: trains one model; writes `weights.safetensors`, checkpoints and `metrics.jsonl`
 * into the folder. Goes on where it was stopped.
 */
export function register(program: Command, call: Call): void {
  addCommand(
    program,
    'train',
    'train one model',
    flags,
    (asked) => {
      const given = { ...asked, out: asked.out ?? defaultFolder(asked.architecture, call.args) };
      return workIn(given.out, terminalOutput(given.json), (written) => trainCommand(given, call, written));
    },
    [
      'train --architecture compact-cnn --trainer pgd-at \\\n    --epsilon 0.2 --steps 600',
      'train --architecture small-cnn --objective trades --attack pgd \\\n    --epsilon 0.3 --epochs 10 --out runs/trades',
    ],
  );
}

async function trainCommand(given: TrainFlags, { signal }: Call, written: FileHashes): Promise<void> {
  const { registry, output } = await ready(given);
  if ((given.attack !== undefined || given.trainer !== undefined) && given.epsilon === undefined)
    throw new AdvrobError(
      'ADVROB_USAGE',
      `--${given.attack === undefined ? 'trainer' : 'attack'} needs --epsilon, the radius to train against`,
    );
  // It has a model, so the schema has seen to the rest.
  const experiment = parseExperiment(describe(given, registry)) as ModelExperiment;
  const settings = settingsOf(experiment, 'model')!;
  const { dataset, architecture, threat, seed } = experiment;
  const progress = createProgress();
  progress.update(() => `${architecture!.name}: reading data`);
  const splits = await loadData(registry, dataset).finally(() => progress.end());
  checkTrainable(splits);
  const shelf = createModelShelf(registry, splits.train);
  try {
    const parts = await makeTrainingParts(registry, settings, shelf.find);
    const model = makePart(registry, 'models', architecture!)(seed);
    shelf.add('the model itself', model);
    const modelCheck = await checkModel(architecture!.name, model, splits.train, experiment.modelCheck);
    await claimFolder(given.out, experiment, { ...codeOf(registry), splits }, written);
    const result = await trainModel({
      name: architecture!.name,
      model,
      splits,
      threat,
      settings,
      parts,
      seed,
      registry,
      folder: given.out,
      signal,
      progress,
      output,
    });
    const weights = `${given.out}/weights.safetensors`;
    await writeAtomically(weights, await saveWeights(model, { modelCheck: JSON.stringify(modelCheck) }));
    const { notFiniteGradients } = result;
    if (notFiniteGradients > 0)
      output.warn([
        `${notFiniteGradients} of ${result.inputGradients} gradients of the attack were not finite and counted as zero: it trained on weaker examples than it should`,
      ]);
    output.result(
      {
        weights,
        steps: result.steps,
        epochs: result.epochs,
        best: result.best ?? null,
        notFiniteGradients,
        modelCheck,
      },
      () => `trained ${result.steps} steps: ${weights}`,
    );
  } finally {
    progress.end();
    shelf.dispose();
  }
}

/** The flags as an experiment, which is what is saved beside the weights. */
function describe(given: TrainFlags, registry: Registry): ExperimentInput {
  const { dataset, architecture, ...others } = chooseParts(registry, given, given.set);
  const training = Object.fromEntries(Object.entries(others).flatMap(([name, [part]]) => (part ? [[name, part]] : [])));
  return {
    version: 1,
    name: 'train',
    seed: given.seed,
    modelCheck: given.modelCheck,
    dataset: dataset[0]!,
    threat: { norm: given.norm, epsilon: given.epsilon === undefined ? 1 : parseEpsilon(given.epsilon) },
    architecture: architecture[0]!,
    models: [
      {
        id: 'model',
        train: {
          ...training,
          ...(given.teacher !== undefined && { teacher: given.teacher }),
          ...(given.epochs !== undefined && { epochs: given.epochs }),
          ...(given.steps !== undefined && { steps: given.steps }),
          ...(given.take !== undefined && { take: given.take }),
          ...(given.tensorboard && { tensorboard: true }),
          batchSize: given.batchSize,
          ...(given.learningRate !== undefined && { learningRate: given.learningRate }),
        },
      },
    ],
    evaluation: { attacks: [{ name: given.attack ?? 'pgd' }] },
  };
}
