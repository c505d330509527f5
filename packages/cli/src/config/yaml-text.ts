import { AdvrobError, type ErrorCode } from '@advrob/core';
import { LineCounter, parseDocument, visit, type Document } from 'yaml';

/** A YAML text that was read. */
interface YamlText {
  readonly value: unknown;
  readonly document: Document;
  /** `name:line:column` of a position in the text. */
  at(offset: number): string;
}

/**
 * Reads YAML, and JSON with it. Aliases stand for what was named before them, and not for
 * themselves or for a thousand times as much.
 *
 * @throws AdvrobError `code` with the place of what is wrong.
 */
export function readYaml(text: string, name: string, code: ErrorCode): YamlText {
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  try {
    const document = parseDocument(text, { lineCounter: lines });
    const [error] = document.errors;
    if (error) throw new AdvrobError(code, `${at(error.pos[0])}: ${error.message.split('\n')[0]}`);
    checkAliases(document, (offset, message) => {
      throw new AdvrobError(code, `${at(offset)}: ${message}`);
    });
    return { value: document.toJS() as unknown, document, at };
  } catch (cause) {
    if (cause instanceof AdvrobError) throw cause;
    if (cause instanceof RangeError) throw new AdvrobError(code, `${name}: it is nested too deep`, { cause });
    throw new AdvrobError(code, `${name}: ${(cause as Error).message}`, { cause });
  }
}

function checkAliases(document: Document, refuse: (offset: number, message: string) => never): void {
  visit(document, {
    Alias(_, alias, path) {
      const [offset] = alias.range ?? [0];
      const target = alias.resolve(document);
      if (target === undefined)
        refuse(offset, `*${alias.source} stands for nothing: expected &${alias.source} before it`);
      if (path.includes(target)) refuse(offset, `*${alias.source} stands inside of what it stands for`);
    },
  });
}
