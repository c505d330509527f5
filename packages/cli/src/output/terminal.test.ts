import { expect, it } from 'vitest';
import { inLine, printable, table } from './terminal.js';

it('what moves the cursor or colours a terminal is shown, not obeyed', () => {
  const title = '\u001b]0;owned\u0007';
  expect(printable(`a${title}\u001b[2K\r\u009b31m\u202ex\n\tb`)).toBe(
    'a\\u001b]0;owned\\u0007\\u001b[2K\\u000d\\u009b31m\\u202ex\n\tb',
  );
  expect(inLine('a\nadvrob: nothing was found')).toBe('a advrob: nothing was found');
  expect(table([['name'], ['a\u001b[1A']])).toBe('name\n─────────\na\\u001b[1A'.replace('─────────', '─'.repeat(10)));
});

it('JSON stays what it was', () => {
  const value = { name: '\u001b\u007f\u202e"\\' };
  expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
});
