import { existsSync } from 'node:fs';
import { types } from 'node:util';
import { type NativeCandidate, NativeLoadError } from '../errors/native-load-error.js';
import { explain, type Failure } from './explain.js';
import type { Variant } from './platform.js';

/** What every addon of this package has. */
export interface Addon {
  /** The native agent's class. */
  readonly BindingAgent: unknown;
  /** @returns The version that the addon was built as. */
  version(): string;
}

/** What the search for the addon depends on; replaced in tests. */
export interface LoadContext {
  /** Which binary. */
  readonly variant: Variant;
  /** Such as `linux-x64-gnu`. */
  readonly platform: string;
  /** The package's version; the addon's must be equal. */
  readonly version: string;
  /** The package's folder, ending in a separator. */
  readonly root: string;
  /** `NAPI_RS_NATIVE_LIBRARY_PATH`: a file to load, and nothing else. */
  readonly override: string | undefined;
  /** Node's `require`. */
  readonly require: (id: string) => unknown;
  /** Says what is wrong with an installed platform package before its binary is loaded, which could end the process. */
  readonly damage?: (name: string) => string | undefined;
}

/**
 * Tries each place in turn.
 *
 * @param context - What the search depends on.
 * @returns The first addon that loads and has the right version.
 * @throws {@link NativeLoadError} when none does.
 */
export function findAddon(context: LoadContext): Addon {
  const { variant, platform, version, root, override } = context;
  const installed = variant === 'cuda' ? [`innate-${platform}-cuda`] : [`${root}innate.${platform}.node`, `innate-${platform}`];
  const places = override ? [override] : installed;
  const failures: Failure[] = [];
  let cause: unknown;
  for (const from of places) {
    try {
      const found = tryPlace(context, from);
      if (!('kind' in found)) {
        return found;
      }
      failures.push(found);
    } catch (error) {
      if (cause === undefined || !isMissing(error)) {
        cause = error;
      }
      failures.push(
        isMissing(error) ? { from, kind: 'missing', reason: 'not found' } : { from, kind: 'broken', reason: oneLine(error, from) },
      );
    }
  }
  const inClone = existsSync(`${root}Cargo.toml`);
  const { problem, remedy } = explain({ variant, platform, version, override, inClone, failures });
  const candidates = failures.map(({ from, reason }): NativeCandidate => ({ from, reason }));
  throw new NativeLoadError(platform, problem, remedy, candidates, cause);
}

function tryPlace({ require, damage, version }: LoadContext, from: string): Addon | Failure {
  const damaged = from.endsWith('.node') ? undefined : damage?.(from);
  if (damaged !== undefined) {
    return { from, kind: 'broken', reason: damaged };
  }
  const found = require(from) as Partial<Addon> | null;
  if (typeof found?.BindingAgent !== 'function' || typeof found.version !== 'function') {
    return { from, kind: 'broken', reason: 'is not the addon of innate' };
  }
  const actual = found.version();
  return actual === version ? (found as Addon) : { from, kind: 'version', reason: `is version ${actual}, this package is ${version}` };
}

function isMissing(error: unknown): boolean {
  // With `path`: the package is there, and the file that it names is not.
  return types.isNativeError(error) && 'code' in error && error.code === 'MODULE_NOT_FOUND' && !('path' in error);
}

function oneLine(error: unknown, from: string): string {
  if (types.isNativeError(error) && 'code' in error && error.code === 'MODULE_NOT_FOUND') {
    return 'its file is missing';
  }
  const text = types.isNativeError(error) ? error.message : String(error);
  const line = text.split('\n', 1)[0] ?? text;
  return line.startsWith(`${from}: `) ? line.slice(from.length + 2) : line;
}
