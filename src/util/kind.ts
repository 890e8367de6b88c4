// What a value is, whichever realm made it. In Jest, in Vitest's vm pools and in `node:vm` there are two of every built-in class, and
// `instanceof` knows only one of them.

/** The getter that names a typed array after its class; `undefined` for anything else. It reads the array itself and cannot be spoofed. */
const typedArrayName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get;

/** @param value - Anything. @returns The name of its built-in class, such as `Map`; that of a typed array too. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** @param value - Anything. @returns Whether it is an `Int32Array`. */
export function isInt32Array(value: unknown): value is Int32Array {
  return typedArrayName?.call(value) === 'Int32Array';
}

/** @param value - Anything. @returns Whether it is a `Float32Array`. */
export function isFloat32Array(value: unknown): value is Float32Array {
  return typedArrayName?.call(value) === 'Float32Array';
}

/** @param value - Anything. @returns Whether it is a `Float64Array`. */
export function isFloat64Array(value: unknown): value is Float64Array {
  return typedArrayName?.call(value) === 'Float64Array';
}

/** @param value - Anything. @returns Whether it is a `Uint8Array`. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return typedArrayName?.call(value) === 'Uint8Array';
}

/** @param value - Anything. @returns Whether it is a typed array. */
export function isTypedArray(value: unknown): value is Exclude<ArrayBufferView, DataView> & ArrayLike<unknown> {
  return typedArrayName?.call(value) !== undefined;
}

/** @param value - Anything. @returns Whether it can be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const holder = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return holder && 'then' in value && typeof value.then === 'function';
}

/** @param value - Anything. @returns Whether it can be listened to for an abort. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  try {
    const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>;
    return typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function';
  } catch {
    // No object, or one that cannot be read.
    return false;
  }
}

/** `Array.isArray`, which throws for a proxy that was revoked. @param value - Anything. @returns Whether it is an array. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** @param value - Anything. @param brand - A symbol of `Symbol.for`, which all copies of this package share. @returns Whether it has it. */
export function hasBrand(value: unknown, brand: symbol): boolean {
  try {
    return typeof value === 'object' && value !== null && brand in value;
  } catch {
    return false;
  }
}

/** @param value - Anything. @returns Whether it is an object with string keys, and not an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isArray(value);
}
