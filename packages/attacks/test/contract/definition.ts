import type { AnyFactory, Attack } from '@advrob/core';
import { expect, it } from 'vitest';
import { optionsSchemaOf } from './options.js';

/** What a definition says of its attack to users, records and cards. */
export function testDefinition({ definition }: AnyFactory): void {
  it('says in one sentence what it does, and where it comes from', () => {
    const { name, summary, paper = '' } = definition as Attack['definition'];
    expect(summary, `summary of '${name}' in its source: one sentence`).toMatch(/^[A-Z][^.]+\.$/);
    const wanted = 'Author year, Title, https://arxiv.org/abs/<number>, section or equation';
    expect(paper, `paper of '${name}' in its source: ${wanted}`).toMatch(
      / (19|20)\d\d, [^,]{10,}.*https:\/\/arxiv\.org\/abs\/\d{4}\.\d{4,5}/,
    );
  });

  it('describes every option in a phrase, with its default where it has one', () => {
    const { properties, required } = optionsSchemaOf(definition);
    for (const [option, field] of Object.entries(properties)) {
      expect(field.description, option).toMatch(/^([a-z0-9]|L1 |Euclidean )[^]{5,}[^.]$/);
      // What has no default is required, or its description says what is done without it, or who
      // must give it.
      if (field.default === undefined && !required.includes(option))
        expect(field.description, option).toMatch(/default|custom version/);
    }
  });
}
