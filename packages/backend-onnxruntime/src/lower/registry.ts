import type { Node, Value } from '../ir/value.js';
import type { Lowering } from './lowering.js';

/** Emits ONNX for one recorded op and provides at least one form of its result. */
export type Lower = (lowering: Lowering, value: Value, node: Node) => void;

const lowerings = new Map<string, Lower>();

export function defineLowering(op: string, lower: Lower): void {
  lowerings.set(op, lower);
}

export function lowerNode(lowering: Lowering, value: Value): void {
  const node = value.node!;
  const lower = lowerings.get(node.op);
  if (!lower) throw new Error(`No lowering is defined for the recorded op ${node.op}`);
  lower(lowering, value, node);
}
