import type { Attack, AttackLoss } from '../contract/index.js';
import { AdvrobError } from '../errors.js';

/** @throws AdvrobError `ADVROB_OPTION` when a loss is named for an attack that would not use it. */
export function checkLoss(attack: Attack, loss: AttackLoss | undefined): void {
  if (loss === undefined || attack.definition.loss !== null) return;
  throw new AdvrobError(
    'ADVROB_OPTION',
    `loss: attack '${attack.name}' takes no loss, because what it ascends is part of the method, and was given '${loss.name}': ` +
      'leave the loss out, or choose an attack that ascends one, such as pgd',
  );
}
