import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeLoadError } from '../errors/native-load-error.js';
import type * as binding from './binding.js';
import { findDamage } from './damage.js';
import { UNREADABLE } from './explain.js';
import { findAddon, type LoadContext } from './find-addon.js';
import { currentPlatform, platformName, type Variant } from './platform.js';

/** The addon's exports. */
export interface Binding {
  /** The native agent. */
  readonly BindingAgent: typeof binding.BindingAgent;
}

const require = createRequire(import.meta.url);
const cached = new Map<Variant, Binding>();

/**
 * Loads an addon at the first call for it and keeps it.
 *
 * @param variant - Which one.
 * @returns The addon's exports.
 * @throws {@link NativeLoadError} saying what was tried and what to run.
 */
export function loadBinding(variant: Variant): Binding {
  const binding = cached.get(variant) ?? (findAddon(currentContext(variant)) as Binding & ReturnType<typeof findAddon>);
  cached.set(variant, binding);
  return binding;
}

function currentContext(variant: Variant): LoadContext {
  const platform = platformName(currentPlatform());
  const override = process.env['NAPI_RS_NATIVE_LIBRARY_PATH'];
  return {
    ...ownPackage(platform),
    variant,
    platform,
    override: override ? resolve(override) : undefined,
    require,
    damage: (name) => findDamage(name, require.resolve),
  };
}

/** The folder above with this package's package.json, and the version in it. How far above depends: what is published is one file. */
function ownPackage(platform: string): { root: string; version: string } {
  try {
    return findPackage(platform);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ERR_ACCESS_DENIED') {
      throw new NativeLoadError(platform, UNREADABLE.problem, UNREADABLE.remedy, [], error);
    }
    throw error;
  }
}

function findPackage(platform: string): { root: string; version: string } {
  let folder = new URL('.', import.meta.url);
  for (;;) {
    const file = new URL('package.json', folder);
    const { name, version } = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version: string }) : {};
    if (name === 'innate' && version !== undefined) {
      return { root: fileURLToPath(folder), version };
    }
    const above = new URL('..', folder);
    if (above.href === folder.href) {
      const problem = 'innate has been bundled into another file, from where it cannot find its native part';
      throw new NativeLoadError(platform, problem, "name it among the external packages in your bundler's options.", []);
    }
    folder = above;
  }
}
