import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { Dataset } from '@advrob/core';
import type { Part } from '../config/schema.js';
import type { LoadOptions } from '../experiment/types.js';
import { collect } from './common-flags.js';

/** Numbers with commas between, such as 0.49,0.48,0.45 or -1,1. */
export function numbers(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!values.every(Number.isFinite))
    throw new InvalidArgumentError('expected numbers with commas between, e.g. 0,255.');
  return values;
}

function range(text: string): [number, number] {
  const [low, high, ...more] = numbers(text);
  if (high === undefined || more.length > 0 || !(low! < high))
    throw new InvalidArgumentError('expected low,high with low < high, e.g. 0,255.');
  return [low!, high];
}

/** Flags that say what a network expects. */
interface InputFlags {
  readonly inputRange?: [number, number];
  readonly mean?: number[];
  readonly std?: number[];
}

/** Adds the flags of {@link InputFlags}. */
function withInput(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--input-range <low,high>',
        'what the network takes for black and white, e.g. 0,255, or --input-range=-1,1; default: the bounds of the data',
      )
        .argParser(range)
        .conflicts(['mean', 'std']),
    )
    .addOption(new Option('--mean <values>', 'subtracted from inputs, one or one per channel').argParser(numbers))
    .addOption(new Option('--std <values>', 'divides them afterwards').argParser(numbers));
}

/** What the flags say about the input of a model. */
export function inputOf({ inputRange, mean, std }: InputFlags): {
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

/** Flags that say what a saved model is. */
export interface ModelFlags extends InputFlags {
  readonly architecture?: string;
  readonly outputs?: 'logits' | 'probabilities';
}

/** Adds `--model` and the flags of {@link ModelFlags}. With `roles`, models are named one by one and may be left out. */
export function withModel(command: Command, { roles = false }: { readonly roles?: boolean } = {}): Command {
  const what = 'a safetensors file, a folder with a tfjs model.json, or the folder of a training';
  const model = roles
    ? new Option('--model <path>', `${what}; of an analysis of several models <role>=<path> for each`)
        .argParser(collect)
        .default([])
    : new Option('--model <path>', what).makeOptionMandatory();
  return withInput(
    command
      .addOption(model)
      .option('--architecture <name>', 'of a weight file that does not say it, see: advrob list models')
      .addOption(
        new Option('--outputs <kind>', 'what the model gives, when it cannot be seen from its layers').choices([
          'logits',
          'probabilities',
        ]),
      ),
  );
}

/** How to load the model that the flags describe, to be used on these data. */
export function loadOptionsOf(flags: ModelFlags, architecture: Part | undefined, data: Dataset): LoadOptions {
  return {
    bounds: data.bounds,
    data,
    input: inputOf(flags),
    ...(flags.outputs && { outputs: flags.outputs }),
    ...(architecture && {
      architecture: architecture.name,
      ...(Object.keys(architecture.options).length > 0 && { architectureOptions: architecture.options }),
    }),
  };
}
