import { AdvrobError } from '@advrob/core';

/** Codes for mistakes in what the user wrote, as opposed to failures of the work. */
const usageCodes = new Set([
  'ADVROB_USAGE',
  'ADVROB_CONFIG',
  'ADVROB_OPTION',
  'ADVROB_UNKNOWN_NAME',
  'ADVROB_NORM',
  'ADVROB_THREAT',
  'ADVROB_PLUGIN',
  'ADVROB_ARCHITECTURE',
  'ADVROB_MODEL_MISSING',
  'ADVROB_ATTACK_MISSING',
]);

/** 0 done, 1 the run failed, 2 bad usage. */
export function exitCodeOf(error: unknown): number {
  return error instanceof AdvrobError && usageCodes.has(error.code) ? 2 : 1;
}

/** What standard error says about it: the message alone for our own errors, the stack for anything unexpected. */
export function describeError(error: unknown): string {
  if (error instanceof AdvrobError) return `advrob: ${error.message}`;
  return `advrob: unexpected ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
