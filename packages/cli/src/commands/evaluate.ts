import { optionNames, type Json, type Norm, type Registry } from '@advrob/core';
import { evaluate, type EvaluationAttack } from '@advrob/evaluation';
import { lossNamed, makePart } from '../experiment/parts.js';
import { loadAnyModel } from '../experiment/load-model.js';
import { writeEvaluationRecord } from '../experiment/record.js';
import { parseEpsilons } from '../flags/epsilon.js';
import { applySettings, parseSetting, type Settable, type Setting } from '../flags/settings.js';
import { followEvaluation } from '../output/evaluation-progress.js';
import { createProgress } from '../output/progress.js';
import { recordTable } from '../output/record-table.js';
import type { Output } from '../output/terminal.js';
import { fileStorage } from '../storage/file-storage.js';

export interface EvaluateFlags {
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
  const epsilon = parseEpsilons(flags.epsilon);
  const runs: EvaluationAttack[] = attacks.map(({ name, options }) => ({
    attack: makePart(registry, 'attacks', { name, options }),
    norm: flags.norm,
    epsilon,
    restarts: flags.restarts,
    ...(flags.loss !== undefined && { loss: lossNamed(flags.loss) }),
  }));

  const splits = await makePart(registry, 'datasets', { name: dataset!.name, options: dataset!.options });
  const data = flags.take === undefined ? splits[flags.split] : splits[flags.split].take(flags.take);
  const model = await loadAnyModel(flags.model, registry, {
    bounds: data.bounds,
    ...(flags.outputs && { outputs: flags.outputs }),
    ...(architecture && {
      architecture: architecture.name,
      ...(Object.keys(architecture.options).length > 0 && { architectureOptions: architecture.options }),
    }),
  });
  const progress = createProgress();
  try {
    const name = flags.model.split('/').filter(Boolean).pop()!;
    const evaluation = await evaluate({
      model,
      data,
      name,
      attacks: runs,
      seed: flags.seed,
      batchSize: flags.batchSize,
      storage: fileStorage(flags.out),
      signal,
      onProgress: followEvaluation(name, progress),
    });
    progress.end();
    const config = JSON.parse(JSON.stringify(flags)) as Json;
    const record = await writeEvaluationRecord(flags.out, {
      command,
      seed: flags.seed,
      config,
      data,
      split: flags.split,
      evaluation,
    });
    output.result(record, () => `${recordTable(record)}\n\n${flags.out}: record.json, examples.jsonl, report.html`);
  } finally {
    progress.end();
    model.dispose?.();
  }
}

function settable(registry: Registry, kind: 'attacks' | 'datasets' | 'models', name: string): Settable {
  const { definition } = registry.find(kind, name);
  return { name, options: {}, known: optionNames(definition.options) };
}

/** Only settings that name the part: bare keys are for attacks. */
function applyOwned(parts: readonly Settable[], settings: readonly Setting[]): Settable[] {
  return applySettings(
    parts,
    settings.filter(({ owner }) => owner !== undefined && parts.some((part) => part.name === owner)),
  );
}
