import { execFile } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { type Ended, ROOT } from './helpers.js';

/** Runs `npm run audit -- npm` with a registry on loopback that answers like this. */
async function audit(t: ExecutionContext, answer: (path: string, response: ServerResponse) => void): Promise<Ended> {
  const server = createServer((request, response) => answer(request.url ?? '', response));
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const env = { ...process.env, npm_config_registry: `http://127.0.0.1:${port}/` };
  const options = { cwd: ROOT, env, timeout: 120_000 };
  return promisify(execFile)(process.execPath, ['tools/tool.mjs', 'audit', 'npm'], options).then(
    (ended) => ({ code: 0, ...ended }),
    (ended: Ended) => ended,
  );
}

test('npm audit: a known defect fails that lock and no other', async (t) => {
  const defect = { id: 1, url: 'about:blank', title: 'bad', severity: 'high', vulnerable_versions: '*' };
  const { code, stdout } = await audit(t, (path, response) => {
    if (path.endsWith('/advisories/bulk')) {
      response.end(JSON.stringify({ verdaccio: [defect] }));
    } else {
      response.writeHead(404).end('{}');
    }
  });
  t.is(code, 1);
  t.regex(stdout, /^FAILED +npm audit in tools\/registry /m);
  t.regex(stdout, /^ok +npm audit in \. /m);
  t.regex(stdout, /^verdaccio .*high$/m);
});

test('npm audit: a registry that does not offer it is a skip that shows, and names no address', async (t) => {
  const { code, stdout } = await audit(t, (_, response) => response.writeHead(405).end());
  t.is(code, 0);
  t.is(stdout.match(/^SKIPPED npm audit in /gm)?.length, 7, 'one a lock');
  t.regex(stdout, /answers with status 405/);
  t.notRegex(stdout, /127\.0\.0\.1/);
});
