import { AdvrobError } from '@advrob/core';
import type { Json, Norm, Registry } from '@advrob/core';
import { evaluate } from '@advrob/evaluation';
import type { EvaluationAttack } from '@advrob/evaluation';
import { defaultChecks } from '../config/evaluation-schema.js';
import type { Part } from '../config/schema.js';
import { loadAnyModel, modelName } from '../experiment/load-model.js';
import { createModelShelf } from '../experiment/model-shelf.js';
import { lossNamed, makeComposed } from '../experiment/parts.js';
import { writeEvaluationRecord } from '../experiment/record.js';
import type { ModelFinder } from '../experiment/types.js';
import { checksOf } from '../experiment/robustness-checks.js';
import { parseEpsilons } from '../flags/common-flags.js';
import { chooseParts } from '../flags/chosen-parts.js';
import { examplesOf } from '../flags/data-flags.js';
import type { DataFlags } from '../flags/data-flags.js';
import { loadOptionsOf } from '../flags/model-flags.js';
import type { ModelFlags } from '../flags/model-flags.js';
import { createProgress, followEvaluation } from '../output/progress.js';
import { recordText } from '../output/record-text.js';
import type { Output } from '../output/terminal.js';
import { fileStorage } from '../output/files.js';

export interface EvaluateFlags extends ModelFlags, DataFlags {
  readonly model: string;
  readonly attack: readonly string[];
  readonly norm: Norm;
  readonly epsilon: string;
  readonly restarts: number;
  readonly loss?: string;
  readonly saveAdversarial?: boolean;
  readonly checks?: boolean;
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
  const { dataset, architecture, attack: attacks } = chooseParts(registry, flags, flags.set, ['attack']);
  const epsilon = parseEpsilons(flags.epsilon);
  const loss = flags.loss === undefined ? undefined : lossNamed(flags.loss);
  const radius = Math.max(...epsilon.filter((each) => each < Infinity));
  if (flags.checks && !Number.isFinite(radius))
    throw new AdvrobError('ADVROB_USAGE', '--checks needs a finite --epsilon, the radius of the claim');

  const data = await examplesOf(registry, dataset[0]!, flags);
  const shelf = createModelShelf(registry, data);
  const progress = createProgress();
  try {
    const evaluated = await composeAttacks(attacks, registry, shelf.find, {
      norm: flags.norm,
      epsilon,
      restarts: flags.restarts,
      ...(loss && { loss }),
    });
    const model = await loadAnyModel(flags.model, registry, loadOptionsOf(flags, architecture[0], data));
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

async function composeAttacks(
  parts: readonly Part[],
  registry: Registry,
  find: ModelFinder,
  shared: Omit<EvaluationAttack, 'attack'>,
): Promise<EvaluationAttack[]> {
  const attacks: EvaluationAttack[] = [];
  for (const part of parts) attacks.push({ attack: await makeComposed(registry, 'attacks', part, find), ...shared });
  return attacks;
}
