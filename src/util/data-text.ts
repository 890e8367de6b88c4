import { fromBase64, toBase64 } from './base64.js';
import { isRecord, isTypedArray, kindOf } from './kind.js';
import { show } from './show.js';

/** The key that says of an object what it stands for, where JSON has no such thing. */
const TAG = '$';

const ARRAYS = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;

/**
 * Plain data as JSON that gives back just the same: what JSON cannot say, `NaN`, `-0`, `undefined`, typed arrays, maps, stands in objects
 * with the key `$`.
 *
 * @param value - Primitives, arrays, plain objects, maps, sets, dates and typed arrays.
 * @returns The text.
 * @throws TypeError for anything else, such as a function or an instance of a class, naming its place.
 */
export function writeData(value: unknown): string {
  return JSON.stringify(toJson(value, ''));
}

/**
 * @param text - What {@link writeData} gave.
 * @returns The data.
 * @throws SyntaxError for any other text.
 */
export function readData(text: string): unknown {
  return fromJson(JSON.parse(text));
}

function toJson(value: unknown, place: string): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { [TAG]: 'number', v: Object.is(value, -0) ? '-0' : String(value) };
    case 'undefined':
      return { [TAG]: 'undefined' };
    case 'bigint':
      return { [TAG]: 'bigint', v: String(value) };
    case 'object':
      return value === null ? null : objectToJson(value, place);
    default:
      throw new TypeError(`${place === '' ? 'the data' : place} is ${show(value)}, which is no plain data`);
  }
}

function objectToJson(value: object, place: string): unknown {
  if (Array.isArray(value)) {
    return Array.from(value, (each: unknown, i) => toJson(each, `${place}[${i}]`));
  }
  const kind = kindOf(value);
  if (isTypedArray(value)) {
    return { [TAG]: kind, v: toBase64(value) };
  }
  switch (kind) {
    case 'Map':
      return { [TAG]: 'Map', v: [...(value as Map<unknown, unknown>)].map((entry) => toJson(entry, place)) };
    case 'Set':
      return { [TAG]: 'Set', v: [...(value as Set<unknown>)].map((each) => toJson(each, place)) };
    case 'Date':
      return { [TAG]: 'Date', v: toJson((value as Date).getTime(), place) };
    default:
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!isRecord(value) || kind !== 'Object' || (prototype !== null && Object.getPrototypeOf(prototype) !== null)) {
    throw new TypeError(`${place === '' ? 'the data' : place} is ${show(value)}, which is no plain data`);
  }
  const entries = Object.keys(value).map((key) => [key, toJson(value[key], place === '' ? key : `${place}.${key}`)] as const);
  return Object.hasOwn(value, TAG) ? { [TAG]: 'Object', v: entries } : Object.fromEntries(entries);
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(fromJson);
  }
  const record = value as Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(record, TAG)) {
    return Object.fromEntries(Object.keys(record).map((key) => [key, fromJson(record[key])]));
  }
  const { [TAG]: tag, v } = record;
  switch (tag) {
    case 'undefined':
      return undefined;
    case 'number':
      return wanted(NUMBERS.get(v));
    case 'bigint':
      return BigInt(text(v));
    case 'Date':
      return new Date(fromJson(v) as number);
    case 'Set':
      return new Set(list(v).map(fromJson));
    case 'Map':
      return new Map(list(v).map((entry) => pair(fromJson(entry))));
    case 'Object':
      return Object.fromEntries(list(v).map((entry) => [text(pair(entry)[0]), fromJson(pair(entry)[1])]));
    default: {
      const Class = typeof tag === 'string' && Object.hasOwn(ARRAYS, tag) ? ARRAYS[tag as keyof typeof ARRAYS] : undefined;
      const bytes = wanted(fromBase64(text(v)));
      return new (wanted(Class))(bytes.buffer);
    }
  }
}

const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

function wanted<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new SyntaxError('is no data as it is written here');
  }
  return value;
}

function text(value: unknown): string {
  return wanted(typeof value === 'string' ? value : undefined);
}

function list(value: unknown): readonly unknown[] {
  return wanted(Array.isArray(value) ? value : undefined);
}

function pair(value: unknown): [unknown, unknown] {
  return wanted(Array.isArray(value) && value.length === 2 ? (value as [unknown, unknown]) : undefined);
}
