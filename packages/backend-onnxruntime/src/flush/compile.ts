import type { NumericArray, NumericType, Shape, Value } from '../ir/value.js';
import '../lower/all.js';
import { lowerNode } from '../lower/define.js';
import { fuse } from '../lower/fuse.js';
import { Lowering } from '../lower/lowering.js';
import { encodeModel } from '../onnx/model.js';
import { isWorthRefusing } from '../runtime/results.js';
import type { RecordedGraph } from './collect.js';
import type { FormPlan } from './filter-forms.js';
import { hoist, type HoistedGraph } from './hoist.js';

export interface CompileOptions {
  readonly blockSize: number;
  readonly isolated: boolean;
  /** Positions of filters whose forms are computed by a graph of their own. */
  readonly hoisted: readonly number[];
  readonly onDevice: boolean;
  /** Whether results can be left where they were written (see runtime/results.ts). */
  readonly canRefuse: boolean;
}

/** Where a run takes an input from: the value at a position of the recorded graph. */
export interface InputSlot {
  readonly name: string;
  readonly position: number;
  readonly isSplat: boolean;
  readonly dtype: NumericType;
  readonly shape: Shape;
  /** What a splat's number is fed in: made once, since its memory is given back late. */
  number?: NumericArray;
}

export interface OutputSlot {
  readonly name: string;
  readonly dtype: NumericType;
  readonly shape: Shape;
}

/** The model of a recorded graph and how to feed it. */
export interface LoweredGraph {
  readonly model: Uint8Array;
  /** The forms of filters that this graph takes ready-made. */
  readonly plan: Omit<FormPlan, 'id'> | null;
  readonly inputs: readonly InputSlot[];
  readonly outputs: readonly OutputSlot[];
  /** The result that keeps the others from being copied, if it pays. */
  readonly refused: string | null;
}

/**
 * How to feed a graph whose model was loaded; `id` finds its session, which may have been dropped
 * since.
 */
export type CompiledGraph = Omit<LoweredGraph, 'model' | 'plan'> & {
  readonly id: number;
  readonly plan: FormPlan | null;
  /** Of all values that it computes. */
  readonly bytes: number;
};

/** Lowers a recorded graph. `isSplatInput[i]` says whether the i-th splat's number is an input. */
export function lowerGraph(
  recorded: RecordedGraph,
  isSplatInput: readonly boolean[],
  options: CompileOptions,
): LoweredGraph {
  const lowering = new Lowering(options.blockSize, options.isolated, options.onDevice);
  const { graph } = lowering;
  const inputs: InputSlot[] = [];
  const addInput = (value: Value, isSplat: boolean): string => {
    const shape = isSplat ? [] : value.shape;
    const name = graph.input(value.dtype, shape);
    inputs.push({ name, position: value.position, isSplat, dtype: value.dtype, shape });
    return name;
  };
  let splatIndex = 0;
  const { chains, absorbed } = fuse(recorded, options.blockSize);
  for (const value of recorded.order) {
    graph.scope = String(value.position);
    if (value.splat !== null) {
      const isInput = isSplatInput[splatIndex++];
      lowering.provideScalar(value, isInput ? addInput(value, true) : graph.constant(value.dtype, [], [value.splat]));
    } else if (value.node === null) {
      lowering.provide(value, 'tfjs', addInput(value, false));
    } else if (!absorbed.has(value)) {
      const lower = chains.get(value) ?? lowerNode;
      lower(lowering, value);
    }
  }
  const outputs = recorded.results.map((value): OutputSlot => {
    const name = graph.output(lowering.plain(value), value.dtype, value.shape);
    return { name, dtype: value.dtype, shape: value.shape };
  });
  const refused = options.canRefuse && isWorthRefusing(bytesTogether(recorded.results)) ? graph.refusedOutput() : null;
  const finished = graph.finish();
  const slots = new Map(inputs.map((slot) => [slot.name, slot]));
  const isHoisted = new Set(options.hoisted);
  const filters = inputs.filter((slot) => isHoisted.has(slot.position)).map((slot) => slot.name);
  const hoisted = filters.length > 0 ? hoist(finished, new Set(filters)) : null;
  const main = hoisted?.main ?? finished;
  const used = new Set(main.inputs.map((port) => port.name));
  return {
    model: encodeModel(main),
    plan: hoisted && planOf(hoisted, slots),
    inputs: inputs.filter((slot) => used.has(slot.name)),
    outputs,
    refused,
  };
}

function bytesTogether(values: readonly Value[]): number {
  return values.reduce((total, { size, dtype }) => total + size * (dtype === 'bool' ? 1 : 4), 0);
}

function planOf({ prelude, forms }: HoistedGraph, slots: ReadonlyMap<string, InputSlot>): Omit<FormPlan, 'id'> {
  const positionOf = (name: string): number => slots.get(name)!.position;
  return {
    model: encodeModel(prelude),
    inputs: prelude.inputs.map(({ name }) => ({ name, position: positionOf(name) })),
    forms: forms.map(({ name, filter, recipe }) => ({ name, recipe, position: positionOf(filter) })),
  };
}
