import { AdvrobError } from '@advrob/core';
import { orientationOf } from './exif.js';
import { checkSize, opaque, type OpenedPicture, type Orientation, type PictureLimits } from './picture.js';
import { wasmDecoder, type WasmCodec } from './wasm-codec.js';

/** More passes over a picture than this are made to keep decoders busy: real ones have about ten. */
const mostScans = 500;

const decode = wasmDecoder(async (): Promise<WasmCodec> => {
  const { default: decoded, init } = await import('@jsquash/jpeg/decode.js');
  return { init, decode: (file) => decoded(file) };
}, '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');

/** Whether a file begins as a JPEG file does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * Opens a JPEG file, grey or colour, sequential or progressive, of 8 bits. It is decoded by libjpeg
 * (MozJPEG in WebAssembly), as Pillow does: the same levels to the last one.
 *
 * @throws AdvrobError `ADVROB_DATA_FORMAT` for other kinds (CMYK, lossless, arithmetic coding, 12
 *   bits), `ADVROB_DATA_TRUNCATED` when it ends early, `ADVROB_DATA_TOO_LARGE` above the limits;
 *   decoding it `ADVROB_DATA_CHECKSUM` when it is damaged.
 */
export function openJpeg(bytes: Uint8Array, limits: PictureLimits, name = 'JPEG file'): OpenedPicture {
  const { width, height, components, orientation } = headOf(bytes, name);
  if (components !== 1 && components !== 3)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected a grey or RGB picture, found ${components === 4 ? 'CMYK' : `${components} channels`}: convert it to RGB`,
    );
  checkSize({ width, height, sampleBytes: width * height * components }, limits, name);
  return {
    width,
    height,
    channels: components,
    orientation,
    async decode() {
      const { data, warnings, ...size } = await decode(bytes, name);
      const damage = warnings.find((line) => !harmless.test(line));
      if (damage !== undefined || size.width !== width || size.height !== height)
        throw new AdvrobError(
          'ADVROB_DATA_CHECKSUM',
          `${name}: the picture is damaged (${damage ?? `${size.width}x${size.height} pixels`}): fetch it again`,
        );
      const samples = opaque(data, { channels: 4, kept: components, most: 255 }, name);
      return { width, height, channels: components, data: samples, most: 255 };
    },
  };
}

/** What libjpeg remarks of files whose pixels are all there. */
const harmless = /extraneous bytes before marker|unknown JFIF revision|Adobe color transform|Invalid SOS parameters/;

interface JpegHead {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly orientation: Orientation;
}

/** Walks over the segments of a file to its end, without decoding anything. */
function headOf(bytes: Uint8Array, name: string): JpegHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const truncated = () =>
    new AdvrobError('ADVROB_DATA_TRUNCATED', `${name}: the file ends inside of the picture: fetch it again`);
  let frame: Omit<JpegHead, 'orientation'> | undefined;
  let orientation: Orientation = 1;
  let scans = 0;
  if (!isJpeg(bytes))
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: expected a JPEG file, found something else`);
  for (let at = 2; ;) {
    at = nextMarker(bytes, at);
    const marker = bytes[at];
    if (marker === undefined) throw truncated();
    if (marker === 0xd9) break;
    if (at + 3 > bytes.length) throw truncated();
    const end = at + 1 + view.getUint16(at + 1);
    if (end > bytes.length) throw truncated();
    const segment = bytes.subarray(at + 3, end);
    if (isFrame(marker)) frame = frameOf(marker, segment, name);
    if (marker === 0xe1 && isExif(segment)) orientation = orientationOf(segment.subarray(6));
    if (marker === 0xda && ++scans > mostScans)
      throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: more than ${mostScans} scans: a file made to waste time`);
    at = end;
  }
  if (frame === undefined || scans === 0)
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: expected a JPEG picture, found none in the file`);
  return { ...frame, orientation };
}

/**
 * The place of the next marker's code from `at` on: coded data is passed over, in which 0xff stands
 * before 0 and before the marks of restarts.
 */
function nextMarker(bytes: Uint8Array, at: number): number {
  for (let i = at; i + 1 < bytes.length; i++) {
    if (bytes[i] !== 0xff) continue;
    const code = bytes[i + 1]!;
    if (code !== 0 && code !== 0xff && !(code >= 0xd0 && code <= 0xd7)) return i + 1;
  }
  return bytes.length;
}

/** Whether a marker begins a frame (SOF0 to SOF15, among which are DHT, JPG and DAC). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function frameOf(marker: number, segment: Uint8Array, name: string): Omit<JpegHead, 'orientation'> {
  const [precision, highHeight, lowHeight, highWidth, lowWidth, components] = segment;
  if (components === undefined || marker > 0xc2 || precision !== 8)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected a sequential or progressive JPEG file of 8 bits, found another kind: save it again as one`,
    );
  return { width: 256 * highWidth! + lowWidth!, height: 256 * highHeight! + lowHeight!, components };
}

function isExif(segment: Uint8Array): boolean {
  return String.fromCharCode(...segment.subarray(0, 6)) === 'Exif\0\0';
}
