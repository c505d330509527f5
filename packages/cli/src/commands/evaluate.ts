import { AdvrobError, type Json, type Registry } from '@advrob/core';
import { evaluate, type EvaluationAttack, type RecordWarning } from '@advrob/evaluation';
import type { Command } from 'commander';
import { codeOf } from '../backend/environment.js';
import { defaultChecks } from '../config/evaluation-schema.js';
import type { Part } from '../config/schema.js';
import { evaluationWarnings, radiusWarnings } from '../experiment/data-warnings.js';
import { loadAnyModel, modelName } from '../experiment/load-model.js';
import { checkModel, followGradients, modelWarnings, settingFor, sureWarnings } from '../experiment/model-check.js';
import { createModelShelf } from '../experiment/model-shelf.js';
import { lossNamed, makeComposed } from '../experiment/parts.js';
import { workIn, writeEvaluationRecord } from '../experiment/record.js';
import { checksOf, checksWork } from '../experiment/robustness-checks.js';
import type { ModelFinder } from '../experiment/types.js';
import { chooseParts } from '../flags/chosen-parts.js';
import {
  backendFlags,
  jsonFlag,
  lossFlag,
  normFlag,
  parseEpsilons,
  pluginFlag,
  restartsFlag,
  seedFlag,
} from '../flags/common-flags.js';
import { datasetFlag, exampleFlags, examplesOf } from '../flags/data-flags.js';
import { flag, wholeNumber, type Values } from '../flags/flag.js';
import { loadOptionsOf, modelCheckFlag, modelFlag, modelFlags } from '../flags/model-flags.js';
import { fileStorage } from '../storage/files.js';
import { terminalOutput, warningTexts } from '../output/terminal.js';
import { evaluationWork } from '../output/course.js';
import { createProgress, followEvaluation } from '../output/progress.js';
import { recordText } from '../output/record-text.js';
import { addCommand, ready, type Call } from './command.js';

const flags = [
  ...backendFlags,
  modelFlag,
  ...modelFlags,
  modelCheckFlag,
  datasetFlag,
  ...exampleFlags('every attack that has it'),
  flag('--attack <name>', 'see: advrob list attacks; may be repeated', { repeated: true, required: true }),
  normFlag,
  flag('--epsilon <radius>', 'e.g. 0.3, 8/255, a list 2/255,4/255; inf for a minimal norm', { required: true }),
  restartsFlag,
  lossFlag,
  flag('--batch-size <n>', undefined, { read: wholeNumber(1), default: 100 }),
  flag('--checks', 'looks for signs that the robust accuracy is too good to be true'),
  flag('--save-adversarial', 'saves adversarial examples and judges them again as loaded, also in 8 bits'),
  seedFlag,
  pluginFlag,
  flag('--out <folder>', 'for record.json and examples.jsonl; started again, it goes on where it was stopped', {
    required: true,
  }),
  jsonFlag,
] as const;

/**
 * `advrob evaluate`: any model, on any data set, under any attacks; writes record.json and
 * examples.jsonl.
 */
export function register(program: Command, call: Call): void {
  addCommand(program, 'evaluate', 'measure clean and robust accuracy of any model', flags, (given) =>
    workIn(given.out, terminalOutput(given.json), () => evaluateCommand(given, call)),
  );
}

async function evaluateCommand(given: Values<typeof flags>, { commandLine, signal }: Call): Promise<void> {
  if (given.attack.length === 0)
    throw new AdvrobError('ADVROB_USAGE', '--attack: name at least one; see: advrob list attacks');
  const { registry, output } = await ready(given);
  const { dataset, architecture, attack: attacks } = chooseParts(registry, given, given.set, ['attack']);
  const epsilon = parseEpsilons(given.epsilon);
  const loss = given.loss === undefined ? undefined : lossNamed(given.loss);
  const radius = Math.max(...epsilon.filter((each) => each < Infinity));
  if (given.checks && !Number.isFinite(radius))
    throw new AdvrobError('ADVROB_USAGE', '--checks needs a finite --epsilon, the radius of the claim');

  const progress = createProgress();
  const name = modelName(given.model);
  progress.update(() => `${name}: reading data and model`);
  const data = await examplesOf(registry, dataset[0]!, given).catch((error: unknown) => {
    progress.end();
    throw error;
  });
  const warnings: RecordWarning[] = [];
  const warn = (found: readonly RecordWarning[]): void => {
    if (found.length > 0) progress.end();
    output.warn(warningTexts(found));
    warnings.push(...found);
  };
  warn(radiusWarnings([{ norm: given.norm, epsilon }], data));
  const shelf = createModelShelf(registry, data);
  try {
    const evaluated = await composeAttacks(attacks, registry, shelf.find, {
      norm: given.norm,
      epsilon,
      restarts: given.restarts,
      loss,
    });
    const model = await loadAnyModel(given.model, registry, loadOptionsOf(given, architecture[0], data));
    const threat = { norm: given.norm, epsilon: radius };
    progress.plan([
      { id: `evaluation of ${name}`, kind: 'evaluation', work: evaluationWork(data, evaluated) },
      ...(given.checks
        ? [
            {
              id: `checks of ${name}`,
              kind: 'checks' as const,
              work: checksWork({ evaluated, threat, settings: defaultChecks, data }, 0),
            },
          ]
        : []),
    ]);
    shelf.add(name, model);
    const composed = evaluated.map(({ attack }) => attack);
    const checked = await checkModel(name, model, data, settingFor(given.modelCheck, composed));
    if (followGradients(composed)) warn([...modelWarnings(name, checked), ...(await sureWarnings(name, model, data))]);
    const evaluation = await evaluate({
      model,
      data,
      name,
      attacks: evaluated,
      seed: given.seed,
      batchSize: given.batchSize,
      saveAdversarial: given.saveAdversarial ?? false,
      storage: fileStorage(given.out, (message) => output.warn([message])),
      config: codeOf(registry),
      signal,
      onProgress: followEvaluation(name, progress),
    });
    const checks = given.checks
      ? await checksOf({
          id: name,
          model,
          data,
          threat,
          evaluated,
          surrogates: {},
          settings: defaultChecks,
          seed: given.seed,
          folder: given.out,
          registry,
          signal,
          progress,
          output,
        })
      : [];
    warn(evaluationWarnings(evaluation, data, given.take));
    progress.update(() => `${name}: writing record and page`);
    const record = await writeEvaluationRecord(given.out, {
      command: commandLine,
      seed: given.seed,
      config: JSON.parse(JSON.stringify(given)) as Json,
      data,
      split: given.split,
      evaluation,
      checks: [checked, ...checks],
      warnings,
    });
    progress.end();
    output.result(record, () =>
      [...recordText(record), `${given.out}: record.json, examples.jsonl, report.html`].join('\n\n'),
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
