import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as binding from './binding.js';
import { findDamage } from './damage.js';
import { findAddon, type LoadContext } from './find-addon.js';
import { currentPlatform, platformName } from './platform.js';

/** The addon's exports. */
export interface Binding {
  /** The native agent. */
  readonly BindingAgent: typeof binding.BindingAgent;
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
  cached ??= findAddon(currentContext()) as Binding & ReturnType<typeof findAddon>;
  return cached;
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
    damage: (name) => findDamage(name, require.resolve),
  };
}
