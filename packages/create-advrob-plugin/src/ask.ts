import { createInterface } from 'node:readline/promises';
import { kinds, summaries, type Kind } from './kinds.js';

/** Asks for what the command line left open. */
export async function ask(kind: Kind | undefined, name: string | undefined): Promise<{ kind: Kind; name: string }> {
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
  const list = kinds.map((kind, i) => `  ${i + 1} ${kind.padEnd(10)} ${summaries[kind]}`).join('\n');
  for (;;) {
    const answer = (await terminal.question(`What should the plugin bring?\n${list}\nNumber or word: `)).trim();
    const found = kinds.find((kind, i) => kind === answer || String(i + 1) === answer);
    if (found) return found;
  }
}
