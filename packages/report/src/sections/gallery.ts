import { decodeFloats, type AnalysisResult } from '@advrob/evaluation';
import { pictureFormat, pictureUri } from '../images/picture.js';
import { html, type Html } from '../page/html.js';

type Gallery = AnalysisResult['galleries'][number];

/** Pictures of examples that an analysis picked out. Nothing when the examples are no pictures. */
export function gallerySection({ title, caption, shape, bounds, groups }: Gallery): Html {
  const format = pictureFormat(shape, bounds);
  const filled = groups.filter(({ pictures }) => pictures.length > 0);
  if (!format || filled.length === 0) return html``;
  const { width, height } = format;
  return html`<h3>${title}</h3>
    <p>${caption}</p>
    ${filled.map(
      (group) =>
        html`<figure class="grid">
          <figcaption><b>${group.title}</b></figcaption>
          <ol class="cards">
            ${group.pictures.map(
              ({ image, alt, lines }) =>
                html`<li>
                  <img
                    src="${pictureUri(decodeFloats(image), format)}"
                    alt="${alt}"
                    width="${width}"
                    height="${height}"
                  />
                  ${lines.map((line) => html`<div>${line}</div>`)}
                </li>`,
            )}
          </ol>
        </figure>`,
    )}`;
}
