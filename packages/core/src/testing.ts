export { attackContract } from './testing/attack-contract.js';
export { analysisContract } from './testing/analysis-contract.js';
export type { AttackContractOptions } from './testing/attack/situation.js';
export { certifierContract } from './testing/certifier-contract.js';
export { datasetContract } from './testing/dataset-contract.js';
export { modelContract } from './testing/model-contract.js';
export { mutate } from './testing/mutate.js';
export {
  surviveMutations,
  surviveMutationsAsync,
  type AsyncMutations,
  type Mutations,
  type Survival,
} from './testing/survive-mutations.js';
export type { Check } from './testing/check.js';
export { linearClassifier } from './testing/linear-classifier.js';
export { objectiveContract, type ObjectiveContractOptions } from './testing/objective-contract.js';
export { opContract, smallNumberContract, type OpCheck } from './testing/op-contract.js';
export { optimizerContract, type OptimizerContractOptions } from './testing/optimizer-contract.js';
export { trainerContract } from './testing/trainer-contract.js';
