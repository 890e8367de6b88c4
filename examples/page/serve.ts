// Answers with the files of one folder, on loopback: what a browser needs to open the pages, and nothing more.
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.safetensors': 'application/octet-stream',
};

/**
 * @param folder - With the pages; files in folders of it are not answered with.
 * @param port - On 127.0.0.1; 0 for a free one.
 * @returns The server, which listens.
 */
export async function serve(folder: string, port: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const name = /^\/([\w-]+\.\w+)?$/.test(pathname) ? pathname.slice(1) || 'index.html' : '';
    const type = TYPES[extname(name)];
    const bytes = type === undefined ? undefined : await readFile(join(folder, name)).catch(() => undefined);
    if (bytes === undefined) {
      response.writeHead(404).end('There is no such file.');
    } else {
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' }).end(bytes);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = 'build/page', port = '8080'] = process.argv.slice(2);
  await serve(folder, Number(port));
  console.log(`http://127.0.0.1:${port}/ answers with ${folder}. Ctrl-C ends it.`);
}
