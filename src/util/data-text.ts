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
  try {
    return JSON.stringify(toJson(value));
  } catch (error) {
    const found = misfit(value, '', 0);
    throw found === undefined
      ? error
      : new TypeError(`${found.place || 'the data'} is ${show(found.value)}, which is no plain data`, { cause: error });
  }
}

/**
 * @param text - What {@link writeData} gave.
 * @returns The data.
 * @throws SyntaxError for any other text.
 */
export function readData(text: string): unknown {
  return fromJson(JSON.parse(text));
}

/** What JSON says as it is, or else what stands for it: most of what is written is the former, and is not copied. */
function toJson(value: unknown): unknown {
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
      return value === null ? null : objectToJson(value);
    default:
      throw new TypeError('no plain data');
  }
}

function objectToJson(value: object): unknown {
  if (Array.isArray(value)) {
    return listToJson(value);
  }
  if (Object.getPrototypeOf(value) === Object.prototype) {
    return recordToJson(value as Readonly<Record<string, unknown>>);
  }
  const kind = kindOf(value);
  if (isTypedArray(value)) {
    return { [TAG]: kind, v: toBase64(value) };
  }
  switch (kind) {
    case 'Map':
      return { [TAG]: 'Map', v: [...(value as Map<unknown, unknown>)].map(toJson) };
    case 'Set':
      return { [TAG]: 'Set', v: [...(value as Set<unknown>)].map(toJson) };
    case 'Date':
      return { [TAG]: 'Date', v: toJson((value as Date).getTime()) };
    default:
      return recordToJson(requirePlain(value, kind));
  }
}

function listToJson(list: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < list.length; i += 1) {
    const part = toJson(list[i]);
    if (copy === undefined && part !== list[i]) {
      copy = list.slice(0, i);
    }
    copy?.push(part);
  }
  return copy ?? list;
}

function recordToJson(record: Readonly<Record<string, unknown>>): unknown {
  // A method of that name would be called.
  if (Object.hasOwn(record, TAG) || Object.hasOwn(record, 'toJSON')) {
    return { [TAG]: 'Object', v: Object.keys(record).map((key) => [key, toJson(record[key])]) };
  }
  let changed: [string, unknown][] | undefined;
  for (const key of Object.keys(record)) {
    const part = toJson(record[key]);
    if (part !== record[key]) {
      changed ??= [];
      changed.push([key, part]);
    }
  }
  return changed === undefined ? record : Object.fromEntries([...Object.entries(record), ...changed]);
}

function requirePlain(value: object, kind: string): Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!isRecord(value) || kind !== 'Object' || (prototype !== null && Object.getPrototypeOf(prototype) !== null)) {
    throw new TypeError('no plain data');
  }
  return value;
}

/** The first part that is no plain data. */
function misfit(value: unknown, place: string, depth: number): { readonly place: string; readonly value: unknown } | undefined {
  try {
    toJson(value);
    return undefined;
  } catch {
    const parts = partsOf(value, place);
    // What contains itself has no end.
    const found = depth > 50 ? undefined : parts.map(([at, part]) => misfit(part, at, depth + 1)).find((each) => each !== undefined);
    return found ?? { place, value };
  }
}

function partsOf(value: unknown, place: string): readonly (readonly [place: string, part: unknown])[] {
  if (Array.isArray(value)) {
    return value.map((part: unknown, i) => [`${place}[${i}]`, part]);
  }
  return isRecord(value) ? Object.keys(value).map((key) => [place === '' ? key : `${place}.${key}`, value[key]]) : [];
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
