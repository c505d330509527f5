import { AdvrobError } from '@advrob/core';
import { orientationOf } from './exif.js';
import { checkSize, opaque, type OpenedPicture, type Orientation, type PictureLimits } from './picture.js';
import { wasmDecoder, type WasmCodec } from './wasm-codec.js';

const decode = wasmDecoder(async (): Promise<WasmCodec> => {
  const { default: decoded, init } = await import('@jsquash/webp/decode.js');
  return { init, decode: (file) => decoded(file) };
}, '@jsquash/webp/codec/dec/webp_dec.wasm');

/** Whether a file begins as a WebP file does. */
export function isWebp(bytes: Uint8Array): boolean {
  return word(bytes, 0) === 'RIFF' && word(bytes, 8) === 'WEBP';
}

/**
 * Opens a WebP file (RFC 9649), lossy or lossless; always in colour. It is decoded by libwebp in
 * WebAssembly, as Pillow does: the same levels to the last one. Animations and pictures that are
 * transparent anywhere are refused.
 *
 * @throws AdvrobError as `openJpeg`.
 */
export function openWebp(bytes: Uint8Array, limits: PictureLimits, name = 'WebP file'): OpenedPicture {
  const { width, height, orientation } = headOf(bytes, name);
  checkSize({ width, height, sampleBytes: width * height * 3 }, limits, name);
  return {
    width,
    height,
    channels: 3,
    orientation,
    async decode() {
      const { data, ...size } = await decode(bytes, name);
      if (size.width !== width || size.height !== height)
        throw new AdvrobError(
          'ADVROB_DATA_CHECKSUM',
          `${name}: the picture is damaged (${size.width}x${size.height} pixels): fetch it again`,
        );
      return { width, height, channels: 3, data: opaque(data, { channels: 4, kept: 3, most: 255 }, name), most: 255 };
    },
  };
}

interface WebpHead {
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
}

function headOf(bytes: Uint8Array, name: string): WebpHead {
  if (!isWebp(bytes))
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: expected a WebP file, found something else`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let size: Omit<WebpHead, 'orientation'> | undefined;
  let orientation: Orientation = 1;
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length)
    throw new AdvrobError('ADVROB_DATA_TRUNCATED', `${name}: the file ends inside of the picture: fetch it again`);
  for (let at = 12; at + 8 <= end;) {
    const type = word(bytes, at);
    const length = view.getUint32(at + 4, true);
    const content = bytes.subarray(at + 8, Math.min(at + 8 + length, end));
    if (type === 'ANIM' || type === 'ANMF')
      throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: expected one picture, found an animation`);
    if (type === 'EXIF') orientation = orientationOf(withoutPrefix(content));
    const found = sizeIn(type, content);
    if (found !== undefined) {
      if (size !== undefined && (size.width !== found.width || size.height !== found.height))
        throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: its header is damaged (two sizes)`);
      size = found;
    }
    at += 8 + length + (length % 2);
  }
  if (size === undefined)
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: expected a WebP picture, found none in the file`);
  return { ...size, orientation };
}

/** The size that a chunk of coded pixels, or the extended header, states. */
function sizeIn(type: string, content: Uint8Array): Omit<WebpHead, 'orientation'> | undefined {
  if (content.length < 10) return undefined;
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  if (type === 'VP8X')
    return {
      width: 1 + (view.getUint32(4, true) & 0xffffff),
      height: 1 + (content[7]! | (content[8]! << 8) | (content[9]! << 16)),
    };
  if (type === 'VP8 ') return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff };
  if (type === 'VP8L') {
    const bits = view.getUint32(1, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  return undefined;
}

/** Some programs put JPEG's prefix before the block. */
function withoutPrefix(exif: Uint8Array): Uint8Array {
  return word(exif, 0) === 'Exif' ? exif.subarray(6) : exif;
}

function word(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
