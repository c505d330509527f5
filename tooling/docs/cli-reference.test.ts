// docs/cli.md, made of the commands' own help. `npx vitest run tooling/docs/cli-reference -u` writes it anew; a page that is not current fails.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createProgram } from '../../packages/cli/src/program.js';
import { root } from '../fresh/prepare.mjs';
import { cell, inPrettier } from './generated.js';

type Command = ReturnType<typeof createProgram>;

const program = createProgram({ args: [], commandLine: 'advrob', signal: new AbortController().signal, fail() {} });

/** Command lines that end a command's help. */
function examplesOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const [, examples = ''] = help.split('\nExamples:\n');
  return examples.replace(/^ {2}/gm, '').trim();
}

function rowOf({ flags, description, defaultValue, argChoices, mandatory }: Command['options'][number]): string {
  const isSaid = description.includes('default');
  const has = defaultValue !== undefined && !(Array.isArray(defaultValue) && defaultValue.length === 0);
  return `| \`${flags}\` | ${mandatory ? 'required' : has && !isSaid ? `\`${String(defaultValue)}\`` : ''} | ${cell(
    [description, argChoices ? `One of ${argChoices.map((each) => `\`${each}\``).join(', ')}.` : '']
      .filter(Boolean)
      .join('. '),
  )} |`;
}

function sectionOf(command: Command): string {
  const operands = command.registeredArguments.map((each) => {
    const name = `${each.name()}${each.variadic ? '...' : ''}`;
    return each.required ? `<${name}>` : `[${name}]`;
  });
  const examples = examplesOf(command);
  const flags = command.options.map(rowOf);
  return [
    `## advrob ${command.name()}`,
    `\`${['advrob', command.name(), ...operands].join(' ')}\`: ${cell(command.description())}.`,
    ...(examples ? [`\`\`\`sh\n${examples}\n\`\`\``] : []),
    flags.length > 0 ? `| flag | default | what |\n| --- | --- | --- |\n${flags.join('\n')}` : 'It has no flags.',
  ].join('\n\n');
}

it('the reference of the command line is current', async () => {
  const { commands } = program;
  const text = `# The command line

Every command and every flag, made of what \`advrob <command> --help\` prints. Exit codes: 0 done, 1 the run failed or missed what its config requires, 2 bad usage, 3 a worker that does not fit what is to be computed, 130 stopped by Ctrl-C; the same command goes on from there. What the names of attacks, data sets and models stand for, \`advrob list\` says.

| command | what it does |
| --- | --- |
${commands.map((command) => `| [\`${command.name()}\`](#advrob-${command.name()}) | ${cell(command.description())} |`).join('\n')}

${commands.map(sectionOf).join('\n\n')}
`;
  await expect(await inPrettier(text)).toMatchFileSnapshot(join(root, 'docs/cli.md'));
});

it('says every flag of every command, with what it is for', () => {
  const flags = program.commands.flatMap((command) =>
    command.options.map((option) => ({ command: command.name(), option })),
  );
  expect(flags.length).toBeGreaterThan(100);
  const silent = flags.filter(
    ({ option }) =>
      option.description.trim() === '' && option.argChoices === undefined && option.defaultValue === undefined,
  );
  expect(silent.map(({ command, option }) => `${command} ${option.flags}`)).toEqual([]);
});
