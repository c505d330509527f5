// One page for each attack of @advrob/attacks, and the gallery that lists them, made of definitions and docs/attacks/texts.json.
// `npx vitest run tooling/docs/attack-pages -u` writes them anew; without -u a page that is not current fails.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionJsonSchema } from '@advrob/core';
import { expect, it } from 'vitest';
import * as attacks from '../../packages/attacks/src/attacks.js';
import { root } from '../fresh/prepare.mjs';
import { cell, inPrettier, linked, typeOf } from './generated.js';
import { radii } from './radii.mjs';

/** What a person wrote of an attack. */
interface AttackText {
  readonly title: string;
  readonly idea: string;
  /**
   * x: the clean example, x': the point, L: the loss that is ascended, g: its gradient at x', P: the
   * projection on ball and bounds, e: epsilon, a: step size, z: logits, y: the label, t: the target.
   */
  readonly formula: string;
  readonly use: string;
}

const folder = join(root, 'docs/attacks');
const texts = JSON.parse(readFileSync(join(folder, 'texts.json'), 'utf8')) as Readonly<Record<string, AttackText>>;
const definitions = Object.values(attacks)
  .map(({ definition }) => definition)
  .filter(({ name }) => texts[name] !== undefined);
const normNames = { linf: 'Linf', l2: 'L2', l1: 'L1', l0: 'L0' } as const;
type Definition = (typeof definitions)[number];

it('has words for every attack, and for no other', () => {
  const names = Object.values(attacks).map(({ definition }) => definition.name);
  expect(Object.keys(texts).toSorted(), 'add the attack to docs/attacks/texts.json').toEqual(names.toSorted());
  for (const text of Object.values(texts))
    expect(Object.keys(text).toSorted()).toEqual(['formula', 'idea', 'title', 'use']);
});

it('has a figure for every attack, and no page of an attack that there is not', () => {
  const names = definitions.map(({ name }) => name);
  const left = readdirSync(folder).filter((file) => file.endsWith('.md') && file !== 'index.md');
  expect(left.map((file) => file.slice(0, -3)).toSorted()).toEqual(names.toSorted());
  const missing = names.filter((name) => !existsSync(join(folder, 'figures', `${name}.png`)));
  expect(missing, 'node tooling/docs/attack-figures.mjs draws it').toEqual([]);
});

it.each(definitions)('$name: its page is current', async (definition) => {
  await expect(await pageOf(definition)).toMatchFileSnapshot(join(folder, `${definition.name}.md`));
});

it('the gallery is current', async () => {
  const rows = definitions.map(({ name, norms, knowledge, budget }) => {
    const { title, idea } = texts[name]!;
    return `| [\`${name}\`](${name}.md) | ${title.replace(/^[^,]*, /, '')} | ${namesOf(norms)} | ${knowledge} | ${budget} | ${cell(idea.split('. ')[0]!.replace(/\.$/, ''))} |`;
  });
  const text = `# Attack gallery

A page for every attack: how it works, its step as a formula, its options, and when to take it. [Choose attacks](../choose-attacks.md) says which to take for what you want to know.

*Knows*: the adversary sees gradients, the scores of all classes, or the label alone. *Budget*: \`fixed\` looks for any point of the ball that fools, \`minimal\` for the smallest distance.

| attack | name | norms | knows | budget | idea |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

Add one of your own: [attacks as plugins](../plugins/attacks.md).
`;
  await expect(await inPrettier(text)).toMatchFileSnapshot(join(folder, 'index.md'));
});

function namesOf(norms: readonly (keyof typeof normNames)[]): string {
  return norms.map((norm) => normNames[norm]).join(', ');
}

function pageOf({ name, summary, paper, norms, knowledge, budget, options }: Definition): Promise<string> {
  const { title, idea, formula, use } = texts[name]!;
  const properties = Object.entries(
    (optionJsonSchema(options)['properties'] ?? {}) as Record<string, Record<string, unknown>>,
  );
  const rows = properties.map(([option, property]) => {
    const fallback = 'default' in property ? `\`${JSON.stringify(property['default'])}\`` : '';
    return `| \`${option}\` | ${cell(typeOf(property))} | ${fallback} | ${cell(String(property['description'] ?? ''))} |`;
  });
  const norm = norms[0]!;
  const needed = name === 'transfer' ? ' --set transfer.surrogate=other-model/' : '';
  return inPrettier(`# ${title}

${summary} ${idea}

\`\`\`text
${formula.trim()}
\`\`\`

_x: the clean example, x': the point, L: the loss that is ascended, g: its gradient at x', P: the projection on the ball and the bounds, e: epsilon, a: step size, z: logits, y: the label, t: a target class._

![A clean digit, what ${name} changed, magnified, and the adversarial digit](figures/${name}.png)

_Left to right: a test digit of MNIST, the change around grey, stretched to its largest value, and the digit that a small plainly trained network takes for another one. \`node tooling/docs/attack-figures.mjs\` draws it, with the default options and ${drawnWith(budget, norm)}._

## When to take it

${use}

| norms | knows | budget |
| --- | --- | --- |
| ${namesOf(norms)} | ${knowledge} | ${budget} |

## Options

${rows.length === 0 ? 'None.' : `| option | type | default | what |\n| --- | --- | --- | --- |\n${rows.join('\n')}`}

## Run it

\`\`\`sh
advrob evaluate --model my-model/ --dataset mnist --attack ${name} --norm ${norm} --epsilon ${radii[norm]}${needed} --take 100 --out runs/${name}
\`\`\`

In code it is \`${camel(name)}\` of [\`@advrob/attacks\`](../../packages/attacks/README.md); differences from the paper and from other libraries stand at its definition.
${paper === undefined ? '' : `\n## Paper\n\n${linked(paper)}.\n`}
[All attacks](index.md)
`);
}

/** Says which radius a figure is drawn with. */
function drawnWith(budget: string, norm: keyof typeof normNames): string {
  return budget === 'minimal' ? `no bound on the distance in ${normNames[norm]}` : `${normNames[norm]} ${radii[norm]}`;
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
