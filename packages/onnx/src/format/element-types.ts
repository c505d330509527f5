import { OnnxError } from '../errors.js';

/** Types of values that can be computed with. Floats of any width are computed in float32. */
export type ElementType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'int4'
  | 'uint4';

/** Where a host keeps values: whole numbers of 64 bits as numbers, exact to 2^53. */
export type HostArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** By their numbers in the format; types that are known by name alone are refused where they are met. */
const names: readonly string[] = [
  ...['undefined', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16'],
  ...['float64', 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16', 'float8e4m3fn', 'float8e4m3fnuz'],
  ...['float8e5m2', 'float8e5m2fnuz', 'uint4', 'int4', 'float4e2m1', 'float8e8m0', 'uint2', 'int2'],
];

/** Bits of one value in a file. */
const widths: Readonly<Record<ElementType, number>> = {
  ...{ float32: 32, float64: 64, float16: 16, bfloat16: 16, bool: 8, int8: 8, uint8: 8, int16: 16, uint16: 16 },
  ...{ int32: 32, uint32: 32, int64: 64, uint64: 64, int4: 4, uint4: 4 },
};

/** The name of a type of the format, also of those that cannot be computed with. */
export function typeName(number: number): string {
  return names[number] ?? `type ${number}`;
}

export function isSupported(name: string): name is ElementType {
  return name in widths;
}

/** @throws OnnxError `ADVROB_ONNX_OPERATOR` for types that are not computed with, naming `what` has it. */
export function elementType(number: number, what: string): ElementType {
  const name = typeName(number);
  if (isSupported(name)) return name;
  throw new OnnxError('ADVROB_ONNX_OPERATOR', `${what} has values of ${name}, which are not supported`);
}

/** Bytes that `count` values take in a file. */
export function byteLength(type: ElementType, count: number): number {
  return Math.ceil((widths[type] * count) / 8);
}

export function isFloat(type: ElementType): boolean {
  return type === 'float32' || type === 'float64' || type === 'float16' || type === 'bfloat16';
}

/** The smallest and largest whole number of a type. */
export function rangeOf(type: ElementType): readonly [number, number] {
  if (type === 'bool') return [0, 1];
  const bits = widths[type];
  return type.startsWith('u') ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** Zeros of a type on the host. */
export function hostArray(type: ElementType, count: number): HostArray {
  if (type === 'bool') return new Uint8Array(count);
  if (type === 'float64' || type === 'int64' || type === 'uint64' || type === 'uint32') return new Float64Array(count);
  return isFloat(type) ? new Float32Array(count) : new Int32Array(count);
}

/** The value of 16 bits of a half. */
export function halfToNumber(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
