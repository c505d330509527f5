#!/usr/bin/env node
import { execFileSync } from 'node:child_process';
import { relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { factsOf, kinds, type Kind } from './kinds.js';
import { pluginFiles, writePlugin } from './plugin-files.js';

const help = `npm create advrob-plugin [name] -- [options]

Starts a package that extends advrob: source, contract tests, types, build, lint, licence.

  --kind <kind>        ${kinds.map((kind) => `${kind.padEnd(10)} ${factsOf[kind].summary}`).join('\n                       ')}
  --package <name>     default advrob-plugin-<name>
  --author <name>      default git's user.name
  --out <folder>       default the package's name; must be empty
What is left open is asked for on a terminal.
`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kind: { type: 'string' },
      package: { type: 'string' },
      author: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) console.log(help);
  else await create(values, positionals);
} catch (error) {
  console.error(`create-advrob-plugin: ${(error as Error).message}\n\n${help}`);
  process.exitCode = 2;
}

async function create(
  values: { readonly kind?: string; readonly package?: string; readonly author?: string; readonly out?: string },
  positionals: readonly string[],
): Promise<void> {
  if (positionals.length > 1) throw new Error(`one name, please, not ${positionals.join(' ')}`);
  if (values.kind !== undefined && !kinds.includes(values.kind as Kind))
    throw new Error(`no kind '${values.kind}'; there are ${kinds.join(', ')}`);
  const open = { kind: values.kind as Kind | undefined, name: positionals[0] };
  if ((open.kind === undefined || open.name === undefined) && !process.stdin.isTTY)
    throw new Error('give a name and --kind (there is no terminal to ask on)');
  const { kind, name } =
    open.kind && open.name ? { kind: open.kind, name: open.name } : await ask(open.kind, open.name);

  const packageName = values.package ?? `advrob-plugin-${name}`;
  const folder = resolve(values.out ?? packageName.replace(/^@[^/]*\//, ''));
  const files = await pluginFiles({ kind, name, packageName, author: values.author ?? gitUser() });
  await writePlugin(folder, files);
  const place = relative(process.cwd(), folder) || '.';
  console.log(`${packageName}: ${files.size} files in ${place}. Next:

  cd ${place}
  npm install
  npm test             # passes as it is; then make src/${name}.ts yours
  npm run list`);
}

function gitUser(): string {
  try {
    return (
      execFileSync('git', ['config', 'user.name'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() ||
      'the authors'
    );
  } catch {
    return 'the authors';
  }
}

/** Asks for what the command line left open. */
async function ask(kind: Kind | undefined, name: string | undefined): Promise<{ kind: Kind; name: string }> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const chosen = kind ?? (await askKind(terminal));
    const given = name ?? (await terminal.question(`Name of the ${chosen} (small letters, digits, hyphens): `));
    return { kind: chosen, name: given.trim() };
  } finally {
    terminal.close();
  }
}

async function askKind(terminal: { question(text: string): Promise<string> }): Promise<Kind> {
  const list = kinds.map((kind, i) => `  ${i + 1} ${kind.padEnd(10)} ${factsOf[kind].summary}`).join('\n');
  for (;;) {
    const answer = (await terminal.question(`What should the plugin bring?\n${list}\nNumber or word: `)).trim();
    const found = kinds.find((kind, i) => kind === answer || String(i + 1) === answer);
    if (found) return found;
  }
}
