import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The path of a file that another program wrote (tooling/oracle/data). */
export const filePath = (name: string): string => fileURLToPath(new URL(`files/${name}`, import.meta.url));

export async function fileBytes(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(filePath(name)));
}
