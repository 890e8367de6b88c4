/**
 * Copies plain data deeply; faster than `structuredClone` for the small objects that states are.
 *
 * @param value - Structured-cloneable data.
 * @returns An independent copy.
 */
export function cloneData<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(copy);
  }
  if (isPlainObject(value)) {
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      result[key] = copy(value[key]);
    }
    return result;
  }
  return structuredClone(value);
}

/**
 * A text that is equal for equal plain data: order of keys aside, `-0` equal to `0`, `NaN` to itself.
 *
 * @param value - Structured-cloneable data: primitives, arrays, plain objects, maps, sets, dates and typed arrays.
 * @returns The text.
 * @throws TypeError for anything else, such as a function or an instance of a class.
 */
export function dataKey(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return String(value);
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return value ? 't' : 'f';
    case 'undefined':
      return 'u';
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'z' : objectKey(value);
    default:
      throw new TypeError(`a ${typeof value} is not plain data`);
  }
}

function objectKey(value: object): string {
  if (Array.isArray(value)) {
    return `[${value.map(dataKey).join(',')}]`;
  }
  if (isPlainObject(value)) {
    let text = '{';
    for (const key of Object.keys(value).sort()) {
      text += `${JSON.stringify(key)}:${dataKey(value[key])},`;
    }
    return `${text}}`;
  }
  if (value instanceof Map) {
    return `M(${[...value].map(([k, v]) => `${dataKey(k)}=>${dataKey(v)}`).join(',')})`;
  }
  if (value instanceof Set) {
    return `S(${[...value].map(dataKey).join(',')})`;
  }
  if (value instanceof Date) {
    return `D${value.getTime()}`;
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return `${value.constructor.name}[${String(value)}]`;
  }
  throw new TypeError(`an instance of ${value.constructor.name} is not plain data`);
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
