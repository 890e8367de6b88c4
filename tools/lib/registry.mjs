// A registry on loopback that knows nothing but what is published to it: Verdaccio without uplinks, its storage in a temporary folder.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installLocked } from './locked.mjs';
import { ToolError } from './process.mjs';

const START_LIMIT = 60_000;

/** @returns {Promise<number>} A port that is free now. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/**
 * Starts the registry. It ends with this process at the latest.
 *
 * @param {string} folder - For its storage and its log.
 * @returns {Promise<{ url: string, stop(): Promise<void> }>} Its address, and what ends it.
 */
export async function startRegistry(folder) {
  const modules = await installLocked('registry', 'Verdaccio');
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'config.json');
  const log = join(folder, 'log');
  const everyone = { access: '$all', publish: '$all', unpublish: '$all' };
  writeFileSync(
    config,
    JSON.stringify({
      storage: join(folder, 'storage'),
      uplinks: {},
      packages: { '**': everyone },
      web: { enable: false },
      log: { type: 'file', path: log, level: 'warn', format: 'json' },
    }),
  );
  const url = `http://127.0.0.1:${await freePort()}`;
  const program = join(modules, 'verdaccio/bin/verdaccio');
  const child = spawn(process.execPath, [program, '--config', config, '--listen', url.slice('http://'.length)], {
    cwd: folder,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(3000, undefined, { ref: false })]);
    child.kill('SIGKILL');
    await ended;
  };
  const deadline = performance.now() + START_LIMIT;
  while (performance.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/-/ping`).catch(() => undefined);
    if (answer?.ok) {
      return { url, stop };
    }
    await sleep(100);
  }
  await stop();
  const said = existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : '';
  throw new ToolError(`Verdaccio did not start within ${START_LIMIT / 1000} s. ${said}`);
}
