// A grid of images as one SVG file: what the two models say of the examples on which their confidences differ most.
import { decodeFloats } from '../../packages/evaluation/dist/index.js';
import { encodePng } from '../../packages/report/dist/index.js';

const cell = 104;
const picture = 84;
const across = 8;

/** `grid`: { positive, negative } of the logit comparison; `shape`, `bounds` and `classNames` of its data. */
export function exemplarSvg(grid, { shape, bounds, classNames }) {
  const [height, width, channels = 1] = shape;
  const nameOf = (label) => classNames?.[label] ?? String(label);
  const uriOf = (image) => {
    const pixels = Uint8Array.from(decodeFloats(image), (value) =>
      Math.round((255 * (value - bounds[0])) / (bounds[1] - bounds[0])),
    );
    return `data:image/png;base64,${Buffer.from(encodePng(pixels, width, height, channels)).toString('base64')}`;
  };
  let y = 0;
  const parts = Object.entries({
    positive: 'AT is the more confident one',
    negative: 'ST is the more confident one',
  }).map(([side, title]) => {
    const top = y + 24;
    const cells = grid[side].map(({ image, label, standard, robust }, i) => {
      const [left, at] = [(i % across) * cell, top + Math.floor(i / across) * (cell + 30)];
      const words = [nameOf(label), `ST ${standard.confidence.toFixed(2)}  AT ${robust.confidence.toFixed(2)}`];
      const lines = words.map((text, line) => `<text x="${left}" y="${at + picture + 12 + 13 * line}">${text}</text>`);
      return `<image x="${left}" y="${at}" width="${picture}" height="${picture}" href="${uriOf(image)}"/>${lines.join('')}`;
    });
    const heading = `<text x="0" y="${y + 14}" font-weight="bold">${title}</text>`;
    y = top + Math.ceil(grid[side].length / across) * (cell + 30);
    return heading + cells.join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${across * cell}" height="${y}" viewBox="0 0 ${across * cell} ${y}" font-family="sans-serif" font-size="11" role="img"><title>Images that both models classify rightly and on which their confidences differ most</title><rect width="100%" height="100%" fill="#ffffff"/>\n${parts.join('\n')}\n</svg>\n`;
}
