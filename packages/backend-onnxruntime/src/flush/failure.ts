import { GraphRunError } from '../errors.js';
import type { Value } from '../ir/value.js';
import type { RecordedGraph } from './collect.js';

/**
 * The error for a graph that ONNX Runtime refused or failed; names the recorded op at fault where
 * ONNX Runtime does.
 */
export function graphFailure(what: string, recorded: RecordedGraph, cause: unknown, isDebug: boolean): GraphRunError {
  const pending = recorded.order.filter((value) => value.node !== null);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const culprit = culpritOf(recorded, reason);
  const ops = [...new Set(pending.map((value) => value.node!.op))].join(', ');
  const subject = culprit ? `the recorded op ${described(culprit)} of a graph of` : 'a recorded graph of';
  return new GraphRunError(
    `ONNX Runtime ${what} ${subject} ${pending.length} ops (${ops}): ${reason}. ${advice(reason, culprit, isDebug)}`,
    isDebug ? (culprit ? [culprit] : pending).map((value) => `${described(value)} ${value.node!.stack ?? ''}`) : [],
    { cause },
  );
}

function described(value: Value): string {
  const inputs = value.node!.inputs.map((input) => `${input.dtype}[${input.shape.join()}]`);
  return `${value.node!.op}(${inputs.join(', ')}) -> ${value.dtype}[${value.shape.join()}]`;
}

/**
 * Nodes are named by the position of the recorded op they belong to, and ONNX Runtime names the
 * node that failed.
 */
function culpritOf(recorded: RecordedGraph, reason: string): Value | null {
  const position = /Name:'(\d+)\/|[Nn]ode[ :]*\(?['"]?(\d+)\/\d/.exec(reason);
  const value = position ? recorded.order[Number(position[1] ?? position[2])] : undefined;
  return value?.node ? value : null;
}

function advice(reason: string, culprit: Value | null, isDebug: boolean): string {
  if (/alloc|memory|array length/i.test(reason))
    return 'Its arrays do not fit in memory: use smaller batches, or read values more often so that less is live.';
  const stacks = culprit ? 'the stack of the call that recorded it' : 'the stacks of its ops';
  if (isDebug) return `See recordedAt of this error for ${stacks}.`;
  return `Register the backend with { debug: true } for ${stacks}, or with { flushEveryKernel: true } to stop at the call.`;
}
