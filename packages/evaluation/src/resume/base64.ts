/** Float32 values as base64 of their little-endian bytes: exact, and a third of the size of decimal text. */
export function encodeFloats(values: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => bytes.setFloat32(4 * i, value, true));
  let text = '';
  for (let i = 0; i < bytes.byteLength; i++) text += String.fromCharCode(bytes.getUint8(i));
  return btoa(text);
}

/** The reverse of {@link encodeFloats}. */
export function decodeFloats(text: string): Float32Array {
  const binary = atob(text);
  const bytes = new DataView(new ArrayBuffer(binary.length - (binary.length % 4)));
  for (let i = 0; i < bytes.byteLength; i++) bytes.setUint8(i, binary.charCodeAt(i));
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, i) => bytes.getFloat32(4 * i, true));
}
