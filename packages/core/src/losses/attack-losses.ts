import type { AttackLoss } from '../contract/index.js';
import { AdvrobError, didYouMean } from '../errors.js';
import { crossEntropyLoss } from './cross-entropy.js';
import { dlrLoss } from './dlr.js';
import { klLoss } from './kl-divergence.js';
import { logOneMinusLoss } from './log-one-minus-probability.js';
import { marginLoss } from './margin.js';

/** The attack losses by name, as configs name them. */
export const attackLosses: Readonly<Record<string, AttackLoss>> = Object.fromEntries(
  [crossEntropyLoss, marginLoss, dlrLoss, klLoss, logOneMinusLoss].map((loss) => [loss.name, loss]),
);

/**
 * The attack loss of a name.
 *
 * @throws AdvrobError `ADVROB_UNKNOWN_NAME` with near names.
 */
export function attackLoss(name: string): AttackLoss {
  const names = Object.keys(attackLosses);
  if (names.includes(name)) return attackLosses[name]!;
  throw new AdvrobError('ADVROB_UNKNOWN_NAME', `no attack loss '${name}': ${didYouMean(name, names)}`);
}
