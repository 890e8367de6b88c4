import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { OptionsError } from '../errors/options-error.js';
import { isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import { importModule } from './modules.js';

/** A configuration file that was read. */
export interface Config {
  /** Its absolute path. */
  readonly path: string;
  /** Its path for people. */
  readonly shown: string;
  /** What it exports by default; its options are not looked at yet. */
  readonly options: Readonly<Record<string, unknown>>;
}

const NAMES = ['ts', 'mts', 'js', 'mjs'].map((ending) => `innate.config.${ending}`);

/**
 * @param given - A path; undefined: `innate.config.ts`, `.mts`, `.js` or `.mjs` of the working folder, if there is one.
 * @returns The configuration, if there is one.
 * @throws {@link OptionsError} where it is not what it must be.
 */
export async function loadConfig(given: string | undefined): Promise<Config | undefined> {
  const path = given ?? NAMES.find((name) => existsSync(name));
  if (path === undefined) {
    return undefined;
  }
  const absolute = resolve(path);
  const shown = relative('', absolute) || absolute;
  const exported = (await importModule(absolute, given === undefined ? shown : '--config'))['default'];
  if (!isRecord(exported)) {
    const remedy = 'Write `export default defineConfig({ task, … })`.';
    throw new OptionsError([{ path: shown, message: `must export options by default, got ${show(exported)}.`, remedy }]);
  }
  return { path: absolute, shown, options: exported };
}
