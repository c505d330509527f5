import { AdvrobError } from '@advrob/core';

/** A word or a list of a file, and its line. */
export type Expression =
  { readonly line: number; readonly word: string } | { readonly line: number; readonly list: readonly Expression[] };

/** Lists inside of lists. */
const deepest = 200;

export function refuse(line: number, why: string): never {
  throw new AdvrobError('ADVROB_VNNLIB', `VNN-LIB, line ${line}: ${why}`);
}

/** The lists of a file, comments left out. @throws AdvrobError `ADVROB_VNNLIB` */
export function readExpressions(text: string): Expression[] {
  const stack: { line: number; list: Expression[] }[] = [{ line: 1, list: [] }];
  let line = 1;
  for (const [token] of text.matchAll(/\n|;[^\n]*|[()]|[^\s();]+/g)) {
    const top = stack.at(-1)!;
    if (token === '\n') line++;
    else if (token === '(') {
      if (stack.length > deepest) refuse(line, `more than ${deepest} lists inside of each other`);
      stack.push({ line, list: [] });
    } else if (token === ')') {
      stack.pop();
      const outer = stack.at(-1);
      if (!outer) return refuse(line, "a ')' without a '('");
      outer.list.push(top);
    } else if (!token.startsWith(';')) top.list.push({ line, word: token });
  }
  if (stack.length > 1) refuse(stack.at(-1)!.line, "a '(' that is never closed");
  return stack[0]!.list;
}
