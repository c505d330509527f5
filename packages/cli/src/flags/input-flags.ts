import { type Command, InvalidArgumentError, Option } from 'commander';

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
export interface InputFlags {
  readonly inputRange?: [number, number];
  readonly mean?: number[];
  readonly std?: number[];
}

/** Adds the flags of {@link InputFlags}. */
export function withInput(command: Command): Command {
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
