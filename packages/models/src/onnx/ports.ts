import { AdvrobError } from '@advrob/core';
import type { OnnxModel, OnnxNode, OnnxPort } from '@advrob/onnx';

/** How images lie in a file: channels in front, or behind. */
export type OnnxLayout = 'NCHW' | 'NHWC';

/** The input that is attacked. */
export interface ChosenInput {
  readonly port: OnnxPort;
  /** Left out for inputs that are no images. */
  readonly layout?: OnnxLayout | undefined;
  /** Shape of one example with channels last; null for sides that the file leaves open. */
  readonly shape: readonly (number | null)[];
  /** The batch that the file fixes. */
  readonly batch: number | undefined;
}

/** The value that holds the scores. */
export interface ChosenOutput {
  readonly name: string;
  /** What stood behind it and was cut off. */
  readonly cut: 'softmax' | 'log-softmax' | 'sigmoid' | undefined;
}

const isFloat = (type: string): boolean => /^(b?float16|float32|float64)$/.test(type);

function refuse(message: string): never {
  throw new AdvrobError('ADVROB_ONNX_INPUT', message);
}

function listed(ports: readonly OnnxPort[]): string {
  return ports
    .map(({ name, elementType, shape }) => `'${name}' (${elementType} [${(shape ?? []).join(', ')}])`)
    .join(', ');
}

/**
 * The one input that takes examples.
 *
 * @param fixed Names of the inputs that are given.
 * @throws AdvrobError `ADVROB_ONNX_INPUT` for several inputs, or images that may lie either way.
 */
export function chooseInput(
  who: string,
  { inputs }: Pick<OnnxModel, 'inputs'>,
  fixed: readonly string[],
  given: readonly number[] | undefined,
  layout: OnnxLayout | undefined,
): ChosenInput {
  const free = inputs.filter(({ name }) => !fixed.includes(name));
  const [port, ...more] = free;
  if (!port || more.length > 0)
    return refuse(
      `${who}: expected one input that takes examples, got ${listed(free)}: give the others with inputs: { name: tensor }`,
    );
  if (!isFloat(port.elementType) && port.elementType !== 'uint8')
    return refuse(`${who}: its input ${listed([port])} takes no numbers that can be changed a little`);
  const sides = (port.shape ?? []).map((side) => (typeof side === 'number' && side > 0 ? side : null));
  const [batch = null, ...shape] = sides;
  const facts = { port, batch: batch ?? undefined };
  if (sides.length !== 4) return { ...facts, shape };
  const found = layout ?? layoutOf(shape, given);
  if (!found)
    return refuse(
      `${who}: images [${(port.shape ?? []).map((side) => side || '?').join(', ')}] may have their channels in front or behind: say layout: 'NCHW' or 'NHWC' (on the command line --layout)`,
    );
  const [first, second, third] = shape as [number | null, number | null, number | null];
  return { ...facts, layout: found, shape: found === 'NCHW' ? [second, third, first] : shape };
}

/** By the side that looks like channels, or by the shape of the data. */
function layoutOf(shape: readonly (number | null)[], given: readonly number[] | undefined): OnnxLayout | undefined {
  const isChannels = (side: number | null | undefined): boolean => side === 1 || side === 3 || side === 4;
  const [first, , last] = shape;
  if (isChannels(first) !== isChannels(last)) return isChannels(first) ? 'NCHW' : 'NHWC';
  if (given?.length !== 3) return undefined;
  const [height, width, channels] = given as [number, number, number];
  const fits = (wanted: readonly number[]): boolean => wanted.every((side, i) => (shape[i] ?? side) === side);
  const [inFront, behind] = [fits([channels, height, width]), fits([height, width, channels])];
  return inFront === behind ? undefined : inFront ? 'NCHW' : 'NHWC';
}

/**
 * The output that holds scores, in front of the softmax or sigmoid that ends it.
 *
 * @param wanted Name of a value, when the file has several outputs.
 * @param isWhole Whether the softmax stays.
 * @throws AdvrobError `ADVROB_ONNX_INPUT` when it cannot be told which output is meant.
 */
export function chooseOutput(who: string, model: OnnxModel, wanted: string | undefined, isWhole = false): ChosenOutput {
  if (wanted !== undefined) {
    const isMade = model.nodes.some(({ outputs }) => outputs.includes(wanted));
    if (!isMade) refuse(`${who}: no value is called '${wanted}'; its outputs are ${listed(model.outputs)}`);
    return cutOff(model, wanted);
  }
  const name = scoresOf(who, model);
  return isWhole ? { name, cut: undefined } : cutOff(model, name);
}

/**
 * The one value that may hold scores: an output, or what a ZipMap makes maps of.
 *
 * @throws AdvrobError `ADVROB_ONNX_INPUT` when there is none, or several.
 */
export function scoresOf(who: string, model: OnnxModel): string {
  const scores = model.outputs.filter(({ elementType, shape }) => isFloat(elementType) && areScores(shape));
  if (scores.length > 1)
    return refuse(
      `${who}: several outputs may hold the scores: ${listed(scores)}; choose one with output (on the command line --output)`,
    );
  const zipped = model.nodes.find(
    ({ operator, outputs }) => operator === 'ZipMap' && model.outputs.some(({ name }) => name === outputs[0]),
  );
  const name = scores[0]?.name ?? zipped?.inputs[0];
  return (
    name ??
    refuse(
      `${who}: none of its outputs ${listed(model.outputs)} holds scores [n, classes]: name the value that does with output (on the command line --output), or export the classifier alone`,
    )
  );
}

/**
 * The model without the nodes that these values do not need: labels beside the scores may be made by
 * operators that nobody has to differentiate. Branches may use any value, and keep all nodes.
 */
export function neededFor(model: OnnxModel, values: readonly string[]): OnnxModel {
  const hasBranches = model.nodes.some(({ attributes }) =>
    [...attributes.values()].some(({ kind }) => kind === 'graph'),
  );
  if (hasBranches) return model;
  const needed = new Set(values);
  const nodes = [...model.nodes].reverse().filter(({ inputs, outputs }) => {
    if (!outputs.some((name) => needed.has(name))) return false;
    for (const name of inputs) needed.add(name);
    return true;
  });
  return { ...model, nodes: nodes.reverse() };
}

/** [n, classes], also with further sides of 1. */
function areScores(shape: OnnxPort['shape']): boolean {
  return shape === null || (shape.length >= 2 && shape.slice(2).every((side) => side === 1));
}

/** Looks back through what changes no score. */
function cutOff(model: OnnxModel, name: string): ChosenOutput {
  const makers = new Map(model.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  for (let at = name; ;) {
    const node = makers.get(at);
    const input = node?.inputs[0];
    if (!node || input === undefined || node.domain !== '') return { name, cut: undefined };
    if (node.operator === 'Softmax' || node.operator === 'LogSoftmax') {
      if (!isOverClasses(node)) return { name, cut: undefined };
      return { name: input, cut: node.operator === 'Softmax' ? 'softmax' : 'log-softmax' };
    }
    if (node.operator === 'Sigmoid') return { name: input, cut: 'sigmoid' };
    if (!/^(Identity|Cast|Flatten|Squeeze|Reshape|QuantizeLinear|DequantizeLinear)$/.test(node.operator))
      return { name, cut: undefined };
    at = input;
  }
}

/** Before opset 13 over axis 1 and all behind it, which are of length 1 here. */
function isOverClasses({ attributes, opset }: OnnxNode): boolean {
  const axis = attributes.get('axis');
  const value = axis?.kind === 'number' ? axis.value : opset < 13 ? 1 : -1;
  return value === 1 || value === -1;
}

/** Whether the first thing that a file does is to divide its input by 255. */
export function expectsBytes(model: OnnxModel, input: string): boolean {
  let at = input;
  for (let steps = 0; steps < 6; steps++) {
    const users = model.nodes.filter(({ inputs }) => inputs.includes(at));
    const [node, ...more] = users;
    if (!node || more.length > 0 || !/^(Cast|Transpose|Sub|Add|Mul|Div|Identity)$/.test(node.operator)) return false;
    const other = node.inputs.find((each) => each !== at);
    const factor = other === undefined ? undefined : constantOf(model, other);
    if (factor !== undefined && node.operator === 'Div' && isAbout(factor, 255)) return true;
    if (factor !== undefined && node.operator === 'Mul' && isAbout(factor, 1 / 255)) return true;
    if (factor !== undefined && node.operator === 'Div' && factor > 40 && factor < 80) return true;
    if (factor !== undefined && node.operator === 'Sub' && factor > 40 && factor < 200) return true;
    at = node.outputs[0]!;
  }
  return false;
}

function isAbout(value: number, wanted: number): boolean {
  return Math.abs(value - wanted) < 0.02 * wanted;
}

/** The first number of a constant. */
function constantOf(model: OnnxModel, name: string): number | undefined {
  const weight = model.initializers.get(name);
  if (weight) return weight.data[0];
  const maker = model.nodes.find(({ outputs }) => outputs.includes(name));
  const value = maker?.operator === 'Constant' ? maker.attributes.get('value') : undefined;
  return value?.kind === 'tensor' ? value.value.data[0] : undefined;
}
