import { existsSync } from 'node:fs';
import { type NativeCandidate, NativeLoadError } from '../errors/native-load-error.js';
import { PLATFORMS } from './platform.js';

/** What every addon of this package has. */
export interface Addon {
  /** The native agent's class. */
  readonly BindingAgent: unknown;
  /** @returns The version that the addon was built as. */
  version(): string;
}

/** What the search for the addon depends on; replaced in tests. */
export interface LoadContext {
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
}

/**
 * Tries each place in turn.
 *
 * @param context - What the search depends on.
 * @returns The first addon that loads and has the right version.
 * @throws {@link NativeLoadError} when none does.
 */
export function findAddon(context: LoadContext): Addon {
  const { platform, version, root, override } = context;
  const places = override ? [override] : [`${root}innate.${platform}.node`, `innate-${platform}`];
  const failed: NativeCandidate[] = [];
  let cause: unknown;
  for (const from of places) {
    try {
      const found = context.require(from) as Partial<Addon> | null;
      if (typeof found?.BindingAgent !== 'function' || typeof found.version !== 'function') {
        failed.push({ from, reason: 'is not the addon of innate' });
        continue;
      }
      const actual = found.version();
      if (actual !== version) {
        failed.push({ from, reason: `is version ${actual}, this package is ${version}` });
        continue;
      }
      return found as Addon;
    } catch (error) {
      cause = error;
      failed.push({ from, reason: oneLine(error) });
    }
  }
  throw new NativeLoadError(platform, failed, remedy(context), cause);
}

function remedy({ platform, version, root, override }: LoadContext): string {
  if (override) {
    return 'Unset NAPI_RS_NATIVE_LIBRARY_PATH, or let it name the addon.';
  }
  if (existsSync(`${root}Cargo.toml`)) {
    return 'Run: npm run build';
  }
  if (PLATFORMS.some((known) => known === platform)) {
    return `Run: npm install innate-${platform}@${version}`;
  }
  return 'There is no binary for this platform. With Rust installed, run in a clone of the repository: npm run build';
}

function oneLine(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') {
    return 'not found';
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}
