import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from './html.js';

describe('text', () => {
  it('is escaped for elements and attributes', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(html`${text}`.html).not.toMatch(/[<>"'`]/);
      }),
    );
    expect(html`<p title="${'a"b'}">${[html`<b>${'&'}</b>`]}${false}${undefined}${3}</p>`.html).toBe(
      '<p title="a&#34;b"><b>&#38;</b>3</p>',
    );
  });
});
