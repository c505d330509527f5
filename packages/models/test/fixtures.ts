import { existsSync, readFileSync } from 'node:fs';

interface Pass {
  readonly logits: number[];
  readonly gradient: number[];
}

/** What tooling/oracle/models/make_fixtures.py computed with PyTorch. Images are channels last. */
export interface Fixture {
  readonly options: Record<string, unknown>;
  readonly x: number[];
  readonly labels: number[];
  readonly eval: Pass;
  readonly train?: Pass;
  /** After one pass in train mode. */
  readonly buffers?: Record<string, number[]>;
}

/** Whether the script made one of this architecture; plugin.test.ts says what to do when it did not. */
export function hasFixture(name: string): boolean {
  return existsSync(new URL(`fixtures/${name}.json`, import.meta.url));
}

export function readFixture(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'));
}

/** The weights file that PyTorch wrote. */
export function readWeights(name: string): Uint8Array {
  return readFileSync(new URL(`fixtures/${name}.safetensors`, import.meta.url));
}
