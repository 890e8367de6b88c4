// What cargo says of the workspace.
import { run, ToolError } from './process.mjs';

/**
 * @param {readonly string[]} args - Arguments of `cargo metadata`.
 * @returns {Promise<any>} What it prints, read.
 */
export async function cargoMetadata(args) {
  const { code, output } = await run('cargo', ['metadata', '--format-version', '1', '--locked', ...args], { output: 'capture' });
  // Its notices of downloads come before.
  const json = output.slice(output.indexOf('{"packages"'));
  if (code !== 0 || !json.startsWith('{')) {
    throw new ToolError(`cargo metadata failed:\n${output.slice(0, 2000)}`);
  }
  return JSON.parse(json);
}
