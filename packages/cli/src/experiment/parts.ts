import {
  type Analysis,
  type Attack,
  AdvrobError,
  type Augmentation,
  type AttackLoss,
  type AveragerBinding,
  type Classifier,
  nearNames,
  type Objective,
  type OptimizerBinding,
  type PluginKind,
  type Registry,
  type Splits,
  type TrainingPlan,
  type WorkTransform,
} from '@advrob/core';
import { attackLosses } from '@advrob/core/losses';
import type { Part } from '../config/schema.js';

/** What each kind of part becomes when its factory is called. */
export interface Products {
  attacks: Attack;
  objectives: Objective;
  optimizers: OptimizerBinding;
  transforms: WorkTransform;
  averagers: AveragerBinding;
  augmentations: Augmentation;
  trainers: TrainingPlan;
  analyses: Analysis;
  datasets: Promise<Splits>;
  models: (seed: number) => Classifier;
}

/** Makes the part that a config names. */
export function makePart<K extends keyof Products & PluginKind>(
  registry: Registry,
  kind: K,
  { name, options }: Part,
): Products[K] {
  return registry.find(kind, name)(options) as Products[K];
}

/** A loss that attacks may ascend, by name. */
export function lossNamed(name: string): AttackLoss {
  const losses: Readonly<Record<string, AttackLoss>> = attackLosses;
  const loss = losses[name];
  if (loss) return loss;
  const near = nearNames(name, Object.keys(losses));
  throw new AdvrobError(
    'ADVROB_UNKNOWN_NAME',
    `no loss '${name}': ${near.length > 0 ? `did you mean ${near.join(' or ')}?` : `known: ${Object.keys(losses).join(', ')}`}`,
  );
}
