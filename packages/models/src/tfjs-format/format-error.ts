import { AdvrobError } from '@advrob/core';

/** The error for a malformed tfjs model. */
export function formatError(file: string, problem: string, cause?: unknown): AdvrobError {
  return new AdvrobError('ADVROB_MODEL_FILE', `${file}: ${problem}`, { cause });
}

/** Whether a value out of `JSON.parse` is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
