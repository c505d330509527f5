import { Command } from 'commander';
import { expect, expectTypeOf, it } from 'vitest';
import { flag, numbers, positive, wholeNumber, type Values } from './flag.js';

const flags = [
  flag('--out <folder>', 'where', { required: true }),
  flag('--save-adversarial', 'whether'),
  flag('--batch-size <n>', undefined, { read: wholeNumber(1), default: 100 }),
  flag('--learning-rate <rate>', 'how fast', { read: positive }),
  flag('--set <key=value>', 'what', { repeated: true }),
  flag('--norm <norm>', 'of what', { choices: ['linf', 'l2'], default: 'linf' }),
  flag('--mean <values>', 'per channel', { read: numbers, conflicts: 'norm' }),
] as const;

function parse(...args: string[]): unknown {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  for (const each of flags) command.addOption(each);
  return command.parse(args, { from: 'user' }).opts();
}

it('gives values of the types that the declaration says, by names that the compiler knows', () => {
  expectTypeOf<Values<typeof flags>>().toEqualTypeOf<{
    readonly out: string;
    readonly saveAdversarial: boolean | undefined;
    readonly batchSize: number;
    readonly learningRate: number | undefined;
    readonly set: readonly string[];
    readonly norm: 'linf' | 'l2';
    readonly mean: number[] | undefined;
  }>();
  expect(parse('--out', 'x')).toEqual({ out: 'x', batchSize: 100, set: [], norm: 'linf' });
  const more = ['--save-adversarial', '--batch-size', '3', '--learning-rate', '0.5', '--set', 'a=1', '--set', 'b=2'];
  expect(parse('--out', 'x', ...more, '--mean', '0.5,1')).toEqual({
    out: 'x',
    saveAdversarial: true,
    batchSize: 3,
    learningRate: 0.5,
    set: ['a=1', 'b=2'],
    norm: 'linf',
    mean: [0.5, 1],
  });
});

it.each([
  [[], /required option '--out <folder>'/],
  [['--batch-size', '0'], /'--batch-size <n>'.* whole number of at least 1/],
  [['--learning-rate', '-1'], /a number above 0/],
  [['--norm', 'l3'], /Allowed choices are linf, l2/],
  [['--out', 'x', '--norm', 'l2', '--mean', '1'], /'--mean <values>' cannot be used with option '--norm <norm>'/],
])('refuses %j', (args, message) => expect(() => parse(...args)).toThrow(message));

it('reads numbers with commas between', () => {
  expect(numbers('-1,1')).toEqual([-1, 1]);
  for (const text of ['', '1,', 'a,b']) expect(() => numbers(text)).toThrow(/commas/);
});
