import { side } from './digits.js';

/** What is looked at, before a model's size is known: grey levels of a digit, or a picture in colour. */
export type Source =
  | { readonly kind: 'grey'; readonly levels: Uint8Array; readonly label: number | undefined }
  | { readonly kind: 'colour'; readonly canvas: HTMLCanvasElement };

/** Values in [0, 1] of a picture in the shape of a model, [height, width, channels] with 1 or 3 channels. */
export function valuesOf(source: Source, shape: readonly number[], isInverted: boolean): Float32Array {
  const [height, width, channels] = shape as [number, number, number];
  if (shape.length !== 3 || (channels !== 1 && channels !== 3))
    throw new Error(`it takes [${shape.join(', ')}], which is no picture in grey or colour`);
  const isExact = source.kind === 'grey' && height === side && width === side;
  const canvas = canvasOf(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.imageSmoothingEnabled = !isExact;
  const from = source.kind === 'grey' ? greyCanvas(source.levels) : source.canvas;
  // The middle of it, as large as it fits.
  const scale = Math.min(from.width / width, from.height / height);
  const [w, h] = [width * scale, height * scale];
  context.drawImage(from, (from.width - w) / 2, (from.height - h) / 2, w, h, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const turned = (level: number): number => (isInverted ? 255 - level : level) / 255;
  return Float32Array.from({ length: height * width * channels }, (_, i) => {
    if (channels === 3) return turned(data[4 * Math.floor(i / 3) + (i % 3)]!);
    const [r, g, b] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!];
    // Of grey levels not a bit is lost; colours by ITU-R BT.601, as other programs turn them grey.
    return turned(r === g && g === b ? r : 0.299 * r + 0.587 * g + 0.114 * b);
  });
}

/** Whether the edge of a picture is bright, as paper is, while digits of MNIST are light on dark. */
export function hasBrightEdge(canvas: HTMLCanvasElement): boolean {
  const small = valuesOf({ kind: 'colour', canvas }, [16, 16, 1], false);
  const edge = Array.from(small).filter((_, i) => [0, 15].includes(i % 16) || i < 16 || i >= 240);
  return edge.reduce((sum, each) => sum + each, 0) / edge.length > 0.5;
}

/**
 * A drawing as MNIST has its digits: scaled so that it fits 20 x 20, its centre of mass in the middle of 28 x 28
 * (LeCun et al. 1998, section III.A). Undefined for an empty one.
 */
export function asDigit(drawing: HTMLCanvasElement): Uint8Array | undefined {
  const { width, height } = drawing;
  const { data } = drawing.getContext('2d', { willReadFrequently: true })!.getImageData(0, 0, width, height);
  const box = { left: width, top: height, right: 0, bottom: 0 };
  let [mass, middleX, middleY] = [0, 0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const level = data[4 * (y * width + x)]!;
      if (level === 0) continue;
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
      mass += level;
      middleX += level * (x + 0.5);
      middleY += level * (y + 0.5);
    }
  if (mass === 0) return undefined;
  const scale = 20 / Math.max(box.right - box.left, box.bottom - box.top);
  const canvas = canvasOf(side, side);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.fillRect(0, 0, side, side);
  context.setTransform(scale, 0, 0, scale, side / 2 - (middleX / mass) * scale, side / 2 - (middleY / mass) * scale);
  context.drawImage(drawing, 0, 0);
  const small = context.getImageData(0, 0, side, side).data;
  return Uint8Array.from({ length: side * side }, (_, i) => small[4 * i]!);
}

/** A file that the visitor chose, at most 512 pixels wide and high. */
export async function canvasOfFile(file: Blob): Promise<HTMLCanvasElement> {
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error('this file is no picture that the browser can read');
  });
  const scale = Math.min(1, 512 / Math.max(picture.width, picture.height));
  const canvas = canvasOf(
    Math.max(1, Math.round(picture.width * scale)),
    Math.max(1, Math.round(picture.height * scale)),
  );
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas;
}

/** Lets the visitor draw in white on black; `onChange` hears of every stroke. */
export function drawOn(canvas: HTMLCanvasElement, onChange: () => void): { clear(): void } {
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const clear = (): void => {
    context.fillStyle = '#000';
    context.fillRect(0, 0, canvas.width, canvas.height);
  };
  clear();
  const at = ({ clientX, clientY }: PointerEvent): [number, number] => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((clientX - left) / width) * canvas.width, ((clientY - top) / height) * canvas.height];
  };
  let last: [number, number] | undefined;
  const stroke = (event: PointerEvent): void => {
    if (!last) return;
    const next = at(event);
    context.strokeStyle = '#fff';
    context.lineCap = 'round';
    context.lineWidth = 22;
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...next);
    context.stroke();
    last = next;
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    stroke(event);
  });
  canvas.addEventListener('pointermove', stroke);
  const end = (): void => {
    if (last) onChange();
    last = undefined;
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);
  return { clear };
}

export function greyCanvas(levels: Uint8Array): HTMLCanvasElement {
  const canvas = canvasOf(side, side);
  const image = new ImageData(side, side);
  levels.forEach((level, i) => image.data.set([level, level, level, 255], 4 * i));
  canvas.getContext('2d', { willReadFrequently: true })!.putImageData(image, 0, 0);
  return canvas;
}

export function canvasOf(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas;
}
