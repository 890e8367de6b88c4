import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as binding from './binding.js';
import { findDamage } from './damage.js';
import { findAddon, type LoadContext, type Variant } from './find-addon.js';
import { currentPlatform, platformName } from './platform.js';

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
  const root = packageRoot();
  const { version } = require(`${root}package.json`) as { version: string };
  return {
    variant,
    platform: platformName(currentPlatform()),
    version,
    root,
    override: process.env['NAPI_RS_NATIVE_LIBRARY_PATH'],
    require,
    damage: (name) => findDamage(name, require.resolve),
  };
}

/** The nearest folder above with a package.json: this module lies in another depth when it is published, bundled with the others. */
function packageRoot(): string {
  let folder = new URL('.', import.meta.url);
  let above = new URL('..', folder);
  while (!existsSync(new URL('package.json', folder)) && above.href !== folder.href) {
    [folder, above] = [above, new URL('..', above)];
  }
  return fileURLToPath(folder);
}
