import { AdvrobError, type Json, type Norm, type Registry } from '@advrob/core';
import { evaluate, type EvaluationAttack } from '@advrob/evaluation';
import { loadData } from '../experiment/load-data.js';
import { defaultChecks } from '../config/evaluation-schema.js';
import { loadAnyModel } from '../experiment/load-model.js';
import { modelName } from '../experiment/model-path.js';
import { createModelShelf } from '../experiment/model-shelf.js';
import { lossNamed } from '../experiment/parts.js';
import { writeEvaluationRecord } from '../experiment/record.js';
import { makeComposed, type ModelFinder } from '../experiment/references.js';
import { checksOf } from '../experiment/robustness-checks.js';
import { parseEpsilons } from '../flags/epsilon.js';
import { applySettings, parseSetting, settable, type Settable, type Setting } from '../flags/settings.js';
import { inputOf, type InputFlags } from '../flags/options.js';
import { followEvaluation } from '../output/evaluation-progress.js';
import { createProgress } from '../output/progress.js';
import { recordText } from '../output/record-words.js';
import type { Output } from '../output/terminal.js';
import { fileStorage } from '../storage/file-storage.js';

export interface EvaluateFlags extends InputFlags {
  readonly model: string;
  readonly architecture?: string;
  readonly outputs?: 'logits' | 'probabilities';
  readonly dataset: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly take?: number;
  readonly attack: readonly string[];
  readonly norm: Norm;
  readonly epsilon: string;
  readonly restarts: number;
  readonly loss?: string;
  readonly saveAdversarial?: boolean;
  readonly checks?: boolean;
  readonly set: readonly string[];
  readonly seed: number;
  readonly batchSize: number;
  readonly out: string;
}

/** `advrob evaluate`: any model, on any data set, under any attacks; writes record.json and examples.jsonl. */
export async function evaluateCommand(
  flags: EvaluateFlags,
  registry: Registry,
  command: string,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { dataset, architecture, attacks } = partsOf(flags, registry);
  const epsilon = parseEpsilons(flags.epsilon);
  const loss = flags.loss === undefined ? undefined : lossNamed(flags.loss);
  const radius = Math.max(...epsilon.filter((each) => each < Infinity));
  if (flags.checks && !Number.isFinite(radius))
    throw new AdvrobError('ADVROB_USAGE', '--checks needs a finite --epsilon, the radius of the claim');

  const splits = await loadData(registry, dataset);
  const data = flags.take === undefined ? splits[flags.split] : splits[flags.split].take(flags.take);
  const shelf = createModelShelf(registry, data.bounds);
  const progress = createProgress();
  try {
    const evaluated = await composeAttacks(attacks, registry, shelf.find, {
      norm: flags.norm,
      epsilon,
      restarts: flags.restarts,
      ...(loss && { loss }),
    });
    const model = await loadAnyModel(flags.model, registry, {
      bounds: data.bounds,
      ...(flags.outputs && { outputs: flags.outputs }),
      input: inputOf(flags),
      data,
      ...(architecture && {
        architecture: architecture.name,
        ...(Object.keys(architecture.options).length > 0 && { architectureOptions: architecture.options }),
      }),
    });
    const name = modelName(flags.model);
    shelf.add(name, model);
    const evaluation = await evaluate({
      model,
      data,
      name,
      attacks: evaluated,
      seed: flags.seed,
      batchSize: flags.batchSize,
      saveAdversarial: flags.saveAdversarial ?? false,
      storage: fileStorage(flags.out),
      signal,
      onProgress: followEvaluation(name, progress),
    });
    const checks = flags.checks
      ? await checksOf({
          id: name,
          model,
          data,
          threat: { norm: flags.norm, epsilon: radius },
          evaluated,
          surrogates: {},
          settings: defaultChecks,
          seed: flags.seed,
          folder: flags.out,
          registry,
          signal,
          progress,
        })
      : [];
    progress.end();
    const record = await writeEvaluationRecord(flags.out, {
      command,
      seed: flags.seed,
      config: JSON.parse(JSON.stringify(flags)) as Json,
      data,
      split: flags.split,
      evaluation,
      checks,
    });
    output.result(record, () =>
      [...recordText(record), `${flags.out}: record.json, examples.jsonl, report.html`].join('\n\n'),
    );
  } finally {
    progress.end();
    shelf.dispose();
  }
}

/** The parts that the flags name, with the settings that belong to each. */
function partsOf(
  flags: EvaluateFlags,
  registry: Registry,
): { dataset: Settable; architecture: Settable | undefined; attacks: Settable[] } {
  const settings = flags.set.map(parseSetting);
  const [dataset] = applyOwned([settable(registry, 'datasets', flags.dataset)], settings);
  const architecture =
    flags.architecture === undefined
      ? undefined
      : applyOwned([settable(registry, 'models', flags.architecture)], settings)[0];
  const owned = [dataset!.name, ...(architecture ? [architecture.name] : [])];
  const attacks = applySettings(
    flags.attack.map((name) => settable(registry, 'attacks', name)),
    settings.filter(({ owner }) => owner === undefined || !owned.includes(owner)),
  );
  return { dataset: dataset!, architecture, attacks };
}

async function composeAttacks(
  parts: readonly Settable[],
  registry: Registry,
  find: ModelFinder,
  shared: Omit<EvaluationAttack, 'attack'>,
): Promise<EvaluationAttack[]> {
  const attacks: EvaluationAttack[] = [];
  for (const { name, options } of parts)
    attacks.push({ attack: await makeComposed(registry, 'attacks', { name, options }, find), ...shared });
  return attacks;
}

/** Only settings that name the part: bare keys are for attacks. */
function applyOwned(parts: readonly Settable[], settings: readonly Setting[]): Settable[] {
  return applySettings(
    parts,
    settings.filter(({ owner }) => owner !== undefined && parts.some((part) => part.name === owner)),
  );
}
