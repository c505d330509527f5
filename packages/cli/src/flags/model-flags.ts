import type { Dataset } from '@advrob/core';
import { InvalidArgumentError } from 'commander';
import { modelCheck, modelOutputs } from '../config/part-schema.js';
import type { Part } from '../config/schema.js';
import type { LoadOptions, OnnxSettings } from '../experiment/types.js';
import { flag, numbers, type Values } from './flag.js';

/** What can be given as a model. */
export const savedModel =
  'an ONNX, Keras or safetensors file, a folder with a tfjs model.json, the folder of a training, or zoo:mnist/pgd-at';

export const modelFlag = flag('--model <path>', savedModel, { required: true });

export const modelCheckFlag = flag(
  '--model-check <what>',
  'when the gradient of the model disagrees with differences of its scores: stop, or warn and go on',
  { choices: modelCheck.options, default: 'stop' },
);

const inputFlags = [
  flag(
    '--input-range <low,high>',
    'what the network takes for black and white, e.g. 0,255, or --input-range=-1,1; default: the bounds of the data',
    { read: range, conflicts: ['mean', 'std'] },
  ),
  flag('--mean <values>', 'subtracted from inputs, one or one per channel', { read: numbers }),
  flag('--std <values>', 'divides them afterwards', { read: numbers }),
] as const;

/** What a saved model is, and what it expects, whatever its format. */
export const formFlags = [
  flag('--architecture <name>', 'of a weight file that does not say it, see: advrob list models'),
  flag('--outputs <kind>', 'what the model gives, when it cannot be seen from its layers', {
    choices: modelOutputs.options,
  }),
  ...inputFlags,
] as const;

/** The same, and what is said of ONNX files. */
export const modelFlags = [
  ...formFlags,
  flag('--output <name>', 'of an ONNX file with several outputs: the value that holds the scores'),
  flag('--layout <where>', 'of an ONNX file: whether channels lie in front or behind, when shapes do not show it', {
    choices: ['NCHW', 'NHWC'],
  }),
  flag('--black-box', 'run an ONNX file in ONNX Runtime, without gradients'),
  flag('--skip-comparison', 'do not compare the import of an ONNX file with ONNX Runtime'),
] as const;

/** How to load the model that the flags describe, to be used on these data. */
export function loadOptionsOf(
  flags: Values<typeof modelFlags>,
  architecture: Part | undefined,
  data: Dataset,
): LoadOptions {
  const { name, options = {} } = architecture ?? {};
  return {
    bounds: data.bounds,
    data,
    input: inputOf(flags),
    outputs: flags.outputs,
    onnx: onnxOf(flags),
    architecture: name,
    // None at all: those that the file has.
    architectureOptions: Object.keys(options).length > 0 ? options : undefined,
  };
}

/** What the flags say of an ONNX file; nothing where they say nothing. */
export function onnxOf({
  output,
  layout,
  blackBox = false,
  skipComparison = false,
}: Pick<Values<typeof modelFlags>, 'output' | 'layout' | 'blackBox' | 'skipComparison'>):
  (OnnxSettings & { blackBox: boolean; compare: boolean }) | undefined {
  const isTold = output !== undefined || layout !== undefined || blackBox || skipComparison;
  return isTold ? { output, layout, blackBox, compare: !skipComparison } : undefined;
}

/** What the flags say about the input of a model. */
export function inputOf({ inputRange, mean, std }: Values<typeof inputFlags>): {
  range?: [number, number];
  mean?: number | number[];
  std?: number | number[];
} {
  const single = (values: number[]): number | number[] => (values.length === 1 ? values[0]! : values);
  return {
    ...(inputRange && { range: inputRange }),
    ...(mean && { mean: single(mean) }),
    ...(std && { std: single(std) }),
  };
}

function range(text: string): [number, number] {
  const [low, high, ...more] = numbers(text);
  if (high === undefined || more.length > 0 || !(low! < high))
    throw new InvalidArgumentError('expected low,high with low < high, e.g. 0,255.');
  return [low!, high];
}
