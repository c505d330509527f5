import type { Digit } from './digits.js';
import { byId, complain, input, toggle } from './page.js';
import { asDigit, canvasOf, canvasOfFile, drawOn, greyCanvas, hasBrightEdge, type Source } from './pictures.js';
import type { State } from './state.js';

/** Where the picture comes from: the test set, a drawing, a file, the camera. */
export interface PictureControls {
  fill(digits: readonly Digit[]): void;
  /** Controls as the state says, after another link. */
  refresh(): void;
  source(): Source;
  isInverted(): boolean;
  /** Whether the picture is one that no link can hold. */
  isForeign(): boolean;
  open(file: Blob | undefined): Promise<void>;
}

export function createPictureControls(state: State, onChange: () => void): PictureControls {
  let digits: readonly Digit[] = [];
  /** A picture of the visitor's own, in colour. */
  let colour: HTMLCanvasElement | undefined;

  function source(): Source {
    if (colour) return { kind: 'colour', canvas: colour };
    if ('drawn' in state.picture) return { kind: 'grey', levels: state.picture.drawn, label: undefined };
    const { digit } = state.picture;
    const { label, pixels } = digits.find((each) => each.label === digit)!;
    return { kind: 'grey', levels: levelsOf(pixels), label };
  }

  function refresh(): void {
    const isDigit = !colour && 'digit' in state.picture;
    document
      .querySelectorAll<HTMLInputElement>('[name=digit]')
      .forEach((each, i) => (each.checked = isDigit && (state.picture as { digit: number }).digit === i));
    byId('invert-line').hidden = !colour;
    byId('picture-words').textContent = isDigit
      ? `A ${(state.picture as { digit: number }).digit} of the MNIST test set, which the networks have not seen in training.`
      : 'Your picture. What it shows is not known here, so an attack tries to change what each network says first.';
  }

  function take(next: HTMLCanvasElement | State['picture']): void {
    colour = next instanceof HTMLCanvasElement ? next : undefined;
    if (next instanceof HTMLCanvasElement) input('invert').checked = hasBrightEdge(next);
    else state.picture = next;
    refresh();
    onChange();
  }

  const pad = byId<HTMLCanvasElement>('pad-canvas');
  const drawing = drawOn(pad, () => {
    const drawn = asDigit(pad);
    if (drawn) take({ drawn });
  });
  async function open(file: Blob | undefined): Promise<void> {
    if (!file) return;
    await canvasOfFile(file).then(take, (error: unknown) => complain((error as Error).message));
  }

  byId('digits').addEventListener('change', (event) =>
    take({ digit: Number((event.target as HTMLInputElement).value) }),
  );
  byId('draw').addEventListener('click', () => toggle('draw', 'pad', byId('pad').hidden !== false));
  byId('pad-clear').addEventListener('click', () => drawing.clear());
  byId('pad-done').addEventListener('click', () => {
    toggle('draw', 'pad', false);
    byId('draw').focus();
  });
  byId('open-picture').addEventListener('click', () => input('picture-file').click());
  input('picture-file').addEventListener('change', () => void open(input('picture-file').files?.[0]));
  input('invert').addEventListener('change', onChange);
  listenToCamera(take);

  return {
    source,
    refresh,
    open,
    isInverted: () => colour !== undefined && input('invert').checked,
    isForeign: () => colour !== undefined,
    fill(all) {
      digits = all;
      for (let label = 0; label < 10; label++) {
        const line = document.createElement('label');
        line.innerHTML = `<input type="radio" name="digit" value="${label}" aria-label="A ${label}" />`;
        line.append(greyCanvas(levelsOf(all.find((each) => each.label === label)!.pixels)));
        byId('digits').append(line);
      }
      refresh();
    },
  };
}

const levelsOf = (pixels: Float32Array): Uint8Array => Uint8Array.from(pixels, (value) => Math.round(value * 255));

function listenToCamera(take: (picture: HTMLCanvasElement) => void): void {
  const video = byId<HTMLVideoElement>('video');
  let stream: MediaStream | undefined;
  async function open(): Promise<void> {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: true });
      video.srcObject = stream;
      toggle('camera', 'viewfinder', true);
      await video.play();
    } catch {
      complain('The camera cannot be used: there is none, or the browser was told not to.');
    }
  }
  function close(): void {
    stream?.getTracks().forEach((track) => track.stop());
    stream = undefined;
    toggle('camera', 'viewfinder', false);
    byId('camera').focus();
  }
  byId('camera').addEventListener('click', () => (stream ? close() : void open()));
  byId('camera-close').addEventListener('click', close);
  byId('shoot').addEventListener('click', () => {
    const { videoWidth, videoHeight } = video;
    const whole = Math.min(videoWidth, videoHeight);
    const size = Math.min(whole, 512);
    if (size === 0) return;
    const canvas = canvasOf(size, size);
    const [left, top] = [(videoWidth - whole) / 2, (videoHeight - whole) / 2];
    canvas.getContext('2d', { willReadFrequently: true })!.drawImage(video, left, top, whole, whole, 0, 0, size, size);
    close();
    take(canvas);
  });
}
