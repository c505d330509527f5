import { AdvrobError } from '@advrob/core';
import { fileError } from '../storage/failure.js';
import { painted, printable } from './terminal.js';

/**
 * What tfjs says of an operation that the backend, or its gradients, lack, put into words that say
 * what to do; any other error as it is.
 */
export function explain(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  const [, kernel, backend] = /Kernel '(\w+)' not registered for backend '([\w-]+)'/.exec(message) ?? [];
  if (kernel !== undefined)
    return new AdvrobError(
      'ADVROB_GRADIENT_MISSING',
      `backend '${backend}' lacks the operation ${kernel}, which this model or its gradient needs: choose another one, ` +
        `${backend === 'cpu' ? '' : '--backend cpu or '}--backend onnxruntime; advrob doctor says what each can`,
      { cause: error },
    );
  const operation = /gradient function not found for (\w+)/.exec(message)?.[1];
  if (operation !== undefined)
    return new AdvrobError(
      'ADVROB_GRADIENT_MISSING',
      `the model has an operation ${operation}, of which tfjs knows no gradient: attacks that need scores or labels alone, such as square, still work ` +
        `(advrob list attacks says what each sees); or replace the operation in the model`,
      { cause: error },
    );
  return fileError(error);
}

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

/** Codes by which a worker says that it is the wrong one for a work. */
const misfitCodes = new Set(['ADVROB_CONTRACT', 'ADVROB_WORK']);

/** 0 done, 1 the run failed, 2 bad usage, 3 this worker does not fit. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof AdvrobError)) return 1;
  if (misfitCodes.has(error.code)) return 3;
  return usageCodes.has(error.code) ? 2 : 1;
}

/**
 * What standard error says about it: the message alone for our own errors, the stack for anything
 * unexpected.
 */
export function describeError(error: unknown): string {
  const who = painted('advrob:', 'red', process.stderr);
  if (error instanceof AdvrobError) return `${who} ${printable(error.message)}`;
  return `${who} ${printable(`unexpected ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)}`;
}
