import { Command } from 'commander';
import { expect, it } from 'vitest';
import { flag, wholeNumber } from '../flags/flag.js';
import { addCommand, readFlags, withoutFlags } from './command.js';

const flags = [
  flag('--attack <name>', 'which', { required: true }),
  flag('--epsilon <radius>', 'how far', { required: true }),
  flag('--take <n>', 'how many', { read: wholeNumber(1) }),
] as const;

function run(...args: string[]): unknown {
  let given: unknown;
  const program = new Command('advrob').exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  addCommand(program, 'evaluate', 'measures', flags, (values) => void (given = values));
  program.parse(['evaluate', ...args], { from: 'user' });
  return given;
}

it.each([
  [['--atack', 'pgd', '--epsilon', '0.1'], /no flag --atack: did you mean --attack\?/],
  [
    ['--attack=pgd', '--epsilom=0.1', '--tkae', '3'],
    /--epsilom: did you mean --epsilon\?\nno flag --tkae: did you mean --take\?/,
  ],
  [['--frobnicate'], /no flag --frobnicate: see: advrob evaluate --help/],
])('speaks of misspelt flags before missing ones: %j', (args, message) => {
  expect(() => run(...args)).toThrow(message);
});

it('leaves help, missing flags and values that begin with a hyphen as they were', () => {
  expect(() => run('--attack', 'pgd')).toThrow(/required option '--epsilon <radius>'/);
  expect(() => run('--help', '--atack')).toThrow('(outputHelp)');
  expect(run('--attack', '-1', '--epsilon=-1,1')).toEqual({ attack: '-1', epsilon: '-1,1' });
});

it('takes flags out of a list of arguments, with their values where they have one', () => {
  const [take, insecure] = [flag('--take <n>'), flag('--insecure')];
  const args = ['evaluate', '--insecure', '--attack', 'pgd', '--take', '3', '--take=4', '--epsilon', '0.1'];
  expect(withoutFlags(args, [take, insecure])).toEqual(['evaluate', '--attack', 'pgd', '--epsilon', '0.1']);
});

it('says what is wrong with arguments of another process', () => {
  expect(readFlags(flags, ['--attack', 'pgd', '--epsilon', '1'])).toEqual({ attack: 'pgd', epsilon: '1' });
  expect(() => readFlags(flags, ['--attack', 'pgd'])).toThrow(/required option '--epsilon <radius>'.*\[ADVROB_USAGE\]/);
});
