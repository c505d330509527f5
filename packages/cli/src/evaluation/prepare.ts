import { AdvrobError, type Classifier, type Dataset, type Registry, type Threat } from '@advrob/core';
import type { EvaluateOptions, EvaluationAttack } from '@advrob/evaluation';
import { certificates, type Certificates, type EvaluationCertifier } from '@advrob/evaluation/certificates';
import { codeOf } from '../backend/environment.js';
import type { Part } from '../config/schema.js';
import { loadAnyModel, modelName } from '../experiment/load-model.js';
import { createModelShelf } from '../experiment/model-shelf.js';
import { lossNamed, makeComposed } from '../experiment/parts.js';
import type { ModelFinder } from '../experiment/types.js';
import { chooseParts } from '../flags/chosen-parts.js';
import { parseEpsilons } from '../flags/common-flags.js';
import { examplesOf } from '../flags/data-flags.js';
import type { EvaluationFlags } from '../flags/evaluation-flags.js';
import { loadOptionsOf } from '../flags/model-flags.js';

/** What the flags of an evaluation name, read and made. */
export interface PreparedEvaluation {
  readonly name: string;
  readonly model: Classifier;
  readonly data: Dataset;
  readonly attacks: readonly EvaluationAttack[];
  /** The largest finite radius: that of the claim. */
  readonly threat: Threat;
  /** Of `evaluate`, but for where it is kept and who is told. */
  readonly options: EvaluateOptions;
  dispose(): void;
}

/**
 * Reads the data and the models, and makes the attacks. The same flags give the same in every process.
 *
 * @param onData - Called when the data are there.
 * @throws AdvrobError what the parts throw.
 */
export async function prepareEvaluation(
  given: EvaluationFlags,
  registry: Registry,
  onData: (data: Dataset, epsilon: readonly number[]) => void = () => undefined,
): Promise<PreparedEvaluation> {
  if (given.attack.length === 0)
    throw new AdvrobError('ADVROB_USAGE', '--attack: name at least one; see: advrob list attacks');
  const { dataset, architecture, attack: parts, certify } = chooseParts(registry, given, given.set, ['attack']);
  const epsilon = parseEpsilons(given.epsilon);
  const loss = given.loss === undefined ? undefined : lossNamed(given.loss);
  const radius = Math.max(...epsilon.filter((each) => each < Infinity));
  if (given.checks && !Number.isFinite(radius))
    throw new AdvrobError('ADVROB_USAGE', '--checks needs a finite --epsilon, the radius of the claim');
  const data = await examplesOf(registry, dataset[0]!, given);
  onData(data, epsilon);
  const shelf = createModelShelf(registry, data);
  try {
    const { norm, restarts, seed, batchSize, saveAdversarial = false } = given;
    const attacks = await composeAttacks(parts, registry, shelf.find, { norm, epsilon, restarts, loss });
    const certifiers = await composeCertifiers(certify, registry, shelf.find, { norm, epsilon });
    const name = modelName(given.model);
    const model = await loadAnyModel(given.model, registry, loadOptionsOf(given, architecture[0], data));
    shelf.add(name, model);
    return {
      name,
      model,
      data,
      attacks,
      threat: { norm, epsilon: radius },
      options: { model, data, name, attacks, certifiers, seed, batchSize, saveAdversarial, config: codeOf(registry) },
      dispose: () => shelf.dispose(),
    };
  } catch (error) {
    shelf.dispose();
    throw error;
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

async function composeCertifiers(
  parts: readonly Part[],
  registry: Registry,
  find: ModelFinder,
  { norm, epsilon }: Omit<EvaluationCertifier, 'certifier'>,
): Promise<Certificates | undefined> {
  const entries: EvaluationCertifier[] = [];
  for (const part of parts) {
    const certifier = await makeComposed(registry, 'certifiers', part, find);
    // No radius is without an end for one that answers for a radius alone.
    const radii = [epsilon].flat().filter((radius) => certifier.radii === true || radius < Infinity);
    if (radii.length === 0)
      throw new AdvrobError(
        'ADVROB_USAGE',
        `--certify ${certifier.name} needs a finite --epsilon: it answers for a radius`,
      );
    entries.push({ certifier, norm, epsilon: radii });
  }
  return entries.length > 0 ? certificates(entries) : undefined;
}
