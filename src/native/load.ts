import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type NativeCandidate, NativeLoadError } from '../errors/native-load-error.js';
import type * as binding from './binding.js';
import { currentPlatform, PLATFORMS, platformName } from './platform.js';

/** The addon's exports. */
export interface Binding {
  /** The native agent. */
  readonly BindingAgent: typeof binding.BindingAgent;
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

const require = createRequire(import.meta.url);
let cached: Binding | undefined;

/**
 * Loads the addon at the first call and keeps it.
 *
 * @returns The addon's exports.
 * @throws {@link NativeLoadError} saying what was tried and what to run.
 */
export function loadBinding(): Binding {
  cached ??= findBinding(currentContext());
  return cached;
}

/**
 * Replaces the addon: the seam for tests. Not exported from the package.
 *
 * @param replacement - A stand-in, or `undefined` to go back to the real one.
 */
export function setBinding(replacement: Binding | undefined): void {
  cached = replacement;
}

/**
 * Tries each place in turn.
 *
 * @param context - What the search depends on.
 * @returns The first addon that loads and has the right version.
 * @throws {@link NativeLoadError} when none does.
 */
export function findBinding(context: LoadContext): Binding {
  const { platform, version, root, override } = context;
  const places = override ? [override] : [`${root}innate.${platform}.node`, `innate-${platform}`];
  const failed: NativeCandidate[] = [];
  let cause: unknown;
  for (const from of places) {
    try {
      const found = context.require(from) as Partial<Binding> | null;
      if (typeof found?.BindingAgent !== 'function' || typeof found.version !== 'function') {
        failed.push({ from, reason: 'is not the addon of innate' });
        continue;
      }
      const actual = found.version();
      if (actual !== version) {
        failed.push({ from, reason: `is version ${actual}, this package is ${version}` });
        continue;
      }
      return found as Binding;
    } catch (error) {
      cause = error;
      failed.push({ from, reason: oneLine(error) });
    }
  }
  throw new NativeLoadError(platform, failed, remedy(context), cause);
}

function currentContext(): LoadContext {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { version } = require('../../package.json') as { version: string };
  return {
    platform: platformName(currentPlatform()),
    version,
    root,
    override: process.env['NAPI_RS_NATIVE_LIBRARY_PATH'],
    require,
  };
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
