// What must be on the machine before anything can be built: Rust, a C linker. Nothing here installs or downloads.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run, ToolError } from './process.js';

export function isOlder(a: string, b: string): boolean {
  return a.localeCompare(b, 'en', { numeric: true }) < 0;
}

/** Stops with one sentence unless Rust is there and new enough. Everything is built with `--target` the host: see docs/decisions/0004. */
export async function requireRust(): Promise<string> {
  const needed = /^rust-version\s*=\s*"([\d.]+)"/m.exec(readFileSync(join(ROOT, 'Cargo.toml'), 'utf8'))?.[1];
  if (needed === undefined) {
    throw new ToolError('Cargo.toml does not state a rust-version.');
  }
  const needs = `innate builds its native part with Rust ${needed} or newer, and`;
  const remedy = 'install it from https://rustup.rs, open a new terminal and run the command again.';
  const cargo = await run('cargo', ['--version'], { output: 'capture' });
  if (cargo.code === 127) {
    throw new ToolError(`${needs} \`cargo\` is not on your PATH: ${remedy}`);
  }
  const rustc = await run(process.env['RUSTC'] ?? 'rustc', ['-vV'], { output: 'capture' });
  const cargoVersion = /^cargo (\d+\.\d+\.\d+)/m.exec(cargo.output)?.[1];
  const rustcVersion = /^release: (\d+\.\d+\.\d+)/m.exec(rustc.output)?.[1];
  const host = /^host: (\S+)/m.exec(rustc.output)?.[1];
  if (cargoVersion === undefined || rustcVersion === undefined || host === undefined) {
    const said = (cargoVersion === undefined ? cargo.output : rustc.output).trim().split('\n')[0];
    throw new ToolError(`${needs} the one on your PATH does not run (${said}): ${remedy}`);
  }
  const version = isOlder(rustcVersion, cargoVersion) ? rustcVersion : cargoVersion;
  if (isOlder(version, needed)) {
    throw new ToolError(`${needs} the one on your PATH is ${version}: run \`rustup update stable\`, or ${remedy}`);
  }
  const linker = process.env[`CARGO_TARGET_${host.toUpperCase().replaceAll('-', '_')}_LINKER`];
  if (process.platform === 'linux' && linker === undefined && (await run('cc', ['--version'], { output: 'capture' })).code === 127) {
    throw new ToolError(
      'innate builds its native part with Rust, which needs a C linker, and `cc` is not on your PATH: install one (Debian, Ubuntu: `apt-get install build-essential`) and run the command again.',
    );
  }
  return host;
}
