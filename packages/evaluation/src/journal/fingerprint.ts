import { AdvrobError, type Json } from '@advrob/core';
import { differencesOf, type Identity } from '@advrob/core/identity';

/** Everything that the result depends on: what a session and its continuation must share. */
export type Fingerprint = Identity;

/** Of the first line of a journal. */
export const fingerprintFormat = 2;

/**
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` naming everything that differs.
 */
export function checkSame(found: Json, expected: Fingerprint, journal: string): void {
  const advice = `. Use another folder, or remove '${journal}' to start over`;
  checkIsSame(found, expected, 'this storage holds another evaluation', advice);
}

/**
 * @param what - What is wrong when they are not the same.
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` naming everything that differs.
 */
export function checkIsSame(found: Json, expected: Json, what: string, advice = ''): void {
  const differences = differencesOf(found, expected);
  if (differences.length > 0)
    throw new AdvrobError('ADVROB_EVALUATION_MISMATCH', `${what}: ${differences.join('; ')}${advice}`);
}

/**
 * @throws AdvrobError `ADVROB_OPTION` for a model that a later session could not tell from another.
 */
export function checkHash(modelHash: Json | undefined): void {
  if (modelHash === undefined || modelHash === null)
    throw new AdvrobError(
      'ADVROB_OPTION',
      'modelHash: the model has no named weights, so a later session could not tell it from another: give modelHash, or no storage',
    );
}
