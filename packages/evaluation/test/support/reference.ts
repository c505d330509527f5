import { readFileSync } from 'node:fs';

interface Reference {
  wilson: { count: number; total: number; confidence: number; interval: [number, number] }[];
  mcNemar: { onlyFirst: number; onlySecond: number; pValue: number }[];
}

/** What scipy gives, by `fixtures/statistics.py`. */
export const reference = JSON.parse(
  readFileSync(new URL('../fixtures/statistics.json', import.meta.url), 'utf8'),
) as Reference;
