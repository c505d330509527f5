/** Text of a page with too little contrast, as WCAG 2.2 (success criterion 1.4.3) counts it. */
export interface FaintText {
  readonly text: string;
  readonly colour: string;
  readonly background: string;
  readonly ratio: number;
}

/**
 * Runs in the page: every text that is drawn, HTML and SVG, against what is behind it. Backgrounds are the nearest opaque ones of its ancestors; text on pictures is not looked at.
 *
 * @returns What is fainter than 4.5 to 1 (3 to 1 from 24 px, or bold from 18.66 px), and how many texts were looked at.
 */
export function faintTexts(): { readonly faint: FaintText[]; readonly looked: number } {
  type Colour = readonly [number, number, number, number];
  const parse = (text: string): Colour => {
    const parts = (text.match(/[\d.]+/g) ?? ['0', '0', '0', '0']).map(Number);
    return [parts[0]!, parts[1]!, parts[2]!, parts[3] ?? 1];
  };
  const over = (front: Colour, back: Colour): Colour => {
    const mix = (i: 0 | 1 | 2): number => front[3] * front[i] + (1 - front[3]) * back[i];
    return [mix(0), mix(1), mix(2), 1];
  };
  const luminance = ([r, g, b]: Colour): number => {
    const linear = (value: number): number =>
      value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const backgroundOf = (element: Element): Colour => {
    const layers: Colour[] = [];
    for (let at: Element | null = element; at !== null; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255, 1]);
  };
  const faint: FaintText[] = [];
  let looked = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = (node.textContent ?? '').trim();
    const element = node.parentElement;
    if (text === '' || element === null || element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    if (style.visibility === 'hidden') continue;
    looked++;
    const isDrawing = element.namespaceURI === 'http://www.w3.org/2000/svg';
    const back = backgroundOf(element);
    const ink = parse(isDrawing ? style.fill : style.color);
    const opacity = Number(style.opacity) * (isDrawing ? Number(style.fillOpacity) : 1);
    // Labels of an axis that would touch each other are hidden so.
    if (opacity === 0) continue;
    const front = over([ink[0], ink[1], ink[2], ink[3] * opacity], back);
    const [light, dark] = [luminance(front), luminance(back)].sort((a, b) => b - a) as [number, number];
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5))
      faint.push({ text: text.slice(0, 60), colour: style.color, background: back.join(), ratio });
  }
  return { faint, looked };
}
