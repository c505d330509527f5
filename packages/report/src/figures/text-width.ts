import * as vega from 'vega';

/** Advances of letters in shares of the size of the font, of a wide sans-serif: a narrower font leaves some air, and no label is cut off. */
const advances: readonly (readonly [RegExp, number])[] = [
  [/[ijlI.,:;'’|!]/, 0.32],
  [/[\s()[\]/\\ftr-]/, 0.4],
  [/[mwMW%@—]/, 0.95],
  [/[A-Z]/, 0.69],
  [/[a-z0-9]/, 0.62],
];
const otherwise = 0.84;

/** Width of a line of text in pixels, without a canvas to measure it on. */
export function textWidth(text: string, fontSize: number): number {
  let sum = 0;
  for (const letter of text) sum += advances.find(([letters]) => letters.test(letter))?.[1] ?? otherwise;
  return sum * fontSize;
}

interface TextItem {
  readonly fontSize?: number;
  readonly text?: unknown;
}

/** Where Vega asks for widths of text; its own estimate leaves labels a third too much room. */
interface TextMetrics {
  width(item: TextItem, text?: unknown): number;
}

/** Lets Vega measure text by {@link textWidth} while `body` runs. */
export async function measuringText<T>(body: () => Promise<T>): Promise<T> {
  const { textMetrics } = vega as unknown as { readonly textMetrics: TextMetrics };
  const before = textMetrics.width;
  textMetrics.width = (item, text = item.text) => textWidth(String(text ?? ''), item.fontSize ?? 11);
  try {
    return await body();
  } finally {
    textMetrics.width = before;
  }
}
