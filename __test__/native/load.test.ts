import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import { InnateError, NativeLoadError } from 'innate';
import { findDamage } from '#dist/native/damage.js';
import { fromNative } from '#dist/native/error.js';
import { findAddon, type LoadContext } from '#dist/native/find-addon.js';
import { currentPlatform, PLATFORMS, platformName } from '#dist/native/platform.js';

const addon = { BindingAgent: class {}, version: (): string => '1.2.3' };

function context(files: Record<string, unknown>, changes: Partial<LoadContext> = {}): LoadContext {
  return {
    variant: 'cpu',
    platform: 'linux-x64-gnu',
    version: '1.2.3',
    root: '/nowhere/',
    override: undefined,
    require: (id) => {
      const found = files[id];
      if (found instanceof Error) {
        throw found;
      }
      if (found === undefined) {
        throw Object.assign(new Error(`Cannot find module '${id}'\nRequire stack:`), { code: 'MODULE_NOT_FOUND' });
      }
      return found;
    },
    ...changes,
  };
}

test('takes the build in the package first, then the platform package', (t) => {
  const other = { ...addon };
  t.is(findAddon(context({ '/nowhere/innate.linux-x64-gnu.node': addon, 'innate-linux-x64-gnu': other })), addon);
  t.is(findAddon(context({ 'innate-linux-x64-gnu': other })), other);
});

const LOCAL = '/nowhere/innate.linux-x64-gnu.node';
const INSTALLED = 'innate-linux-x64-gnu';

function failure(t: ExecutionContext, files: Record<string, unknown>, changes: Partial<LoadContext> = {}): NativeLoadError {
  const error = t.throws(() => findAddon(context(files, changes)), { instanceOf: NativeLoadError, code: 'ERR_NATIVE_LOAD' });
  // One sentence: one line, one full stop at its end, and what to do after the colon.
  t.regex(error.message, /^[^\n]*: [^\n]+\.$/);
  t.notRegex(error.message, /\. |Require stack|\bat \S+:\d+/);
  t.true(error.message.endsWith(`: ${error.remedy}`));
  return error;
}

test('a missing package: which, what was tried, what to run', (t) => {
  const error = failure(t, {});
  t.is(
    error.message,
    `${INSTALLED}, the native part of innate for linux-x64-gnu, is not installed (tried ${LOCAL} and ${INSTALLED}): run \`npm install ${INSTALLED}@1.2.3\`, and leave optional dependencies in.`,
  );
  t.is(error.platform, 'linux-x64-gnu');
  t.deepEqual(error.candidates, [
    { from: LOCAL, reason: 'not found' },
    { from: INSTALLED, reason: 'not found' },
  ]);
});

test('a library that does not load: the reason in one line, the rest as cause', (t) => {
  const broken = new Error('libfoo.so: cannot open shared object file\nmore');
  const error = failure(t, { [INSTALLED]: broken });
  t.is(
    error.message,
    `${INSTALLED} cannot be loaded (libfoo.so: cannot open shared object file): delete node_modules/${INSTALLED} and run \`npm install\`.`,
  );
  t.is(error.cause, broken);
});

test('a damaged package is not given to the loader', (t) => {
  let loaded = false;
  const error = failure(
    t,
    {},
    {
      damage: (name) => (name === INSTALLED ? 'is damaged' : undefined),
      require: (id) => {
        loaded ||= id === INSTALLED;
        throw Object.assign(new Error('no'), { code: 'MODULE_NOT_FOUND' });
      },
    },
  );
  t.is(error.message, `${INSTALLED} is damaged: delete node_modules/${INSTALLED} and run \`npm install\`.`);
  t.false(loaded);
});

test('a package whose file is gone', (t) => {
  const gone = Object.assign(new Error("Cannot find module '/x/y.node'\nRequire stack:"), {
    code: 'MODULE_NOT_FOUND',
    path: '/x/package.json',
  });
  t.regex(failure(t, { [INSTALLED]: gone }).message, /cannot be loaded \(its file is missing\): delete /);
});

test('an older glibc is not a damaged file', (t) => {
  const old = new Error("/lib/libc.so.6: version `GLIBC_2.34' not found (required by /x/y.node)");
  t.regex(failure(t, { [INSTALLED]: old }).message, /needs glibc 2\.34 or newer, and this system's is older: run it on a newer system/);
});

test('refuses another version and what is no addon', (t) => {
  const old = { ...addon, version: (): string => '1.0.0' };
  t.is(
    failure(t, { [INSTALLED]: old }).message,
    `innate and ${INSTALLED} must be of one version, and ${INSTALLED} is version 1.0.0, this package is 1.2.3: run \`npm install innate@1.2.3 ${INSTALLED}@1.2.3\`.`,
  );
  const error = failure(t, { [LOCAL]: old, [INSTALLED]: {} });
  t.deepEqual(
    error.candidates.map(({ reason }) => reason),
    ['is version 1.0.0, this package is 1.2.3', 'is not the addon of innate'],
  );
});

test('an override is the only place', (t) => {
  const files = { '/my/addon.node': addon, [INSTALLED]: addon };
  t.is(findAddon(context(files, { override: '/my/addon.node' })), addon);
  const error = failure(t, files, { override: '/other.node' });
  t.is(
    error.message,
    'NAPI_RS_NATIVE_LIBRARY_PATH names /other.node, which does not exist: unset it, or let it name the addon of innate 1.2.3.',
  );
  t.is(error.candidates.length, 1);
  const broken = new Error('/other.node: file too short');
  t.regex(
    failure(t, { '/other.node': broken }, { override: '/other.node' }).message,
    /which cannot be loaded \(file too short\): unset it/,
  );
});

test('a platform without a binary is told which there are, and how to build', (t) => {
  const { message } = failure(t, {}, { platform: 'sunos-x64' });
  t.regex(message, /no binary for sunos-x64, only for linux-x64-gnu, .*: run it on one of these, or install Rust and run `npm run build`/);
});

test('a clone is built, not installed', (t) => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  t.is(
    failure(t, {}, { root }).message,
    'the native part of this clone of innate for linux-x64-gnu has not been built: run `npm run build`.',
  );
  const old = { ...addon, version: (): string => '1.0.0' };
  t.regex(failure(t, { [`${root}innate.linux-x64-gnu.node`]: old }, { root }).message, /cannot be used \(.* is version 1\.0\.0, .*\): run/);
});

const CUDA = 'innate-linux-x64-gnu-cuda';

test('the binary with CUDA is a package of its own', (t) => {
  const other = { ...addon };
  const files = { [LOCAL]: addon, [INSTALLED]: addon, [CUDA]: other };
  t.is(findAddon(context(files, { variant: 'cuda' })), other);
  t.is(findAddon(context(files)), addon);
  t.is(findAddon(context({ ...files, '/my.node': addon }, { variant: 'cuda', override: '/my.node' })), addon);
});

test('CUDA that cannot be used: what to install, or the CPU', (t) => {
  const say = (files: Record<string, unknown>, changes: Partial<LoadContext> = {}): string =>
    failure(t, files, { variant: 'cuda', ...changes }).message;
  t.is(
    say({ [LOCAL]: addon, [INSTALLED]: addon }),
    `${CUDA}, the part of innate for CUDA on linux-x64-gnu, is not installed: run \`npm install ${CUDA}@1.2.3\`, or pass device: 'cpu'.`,
  );
  const lacks = (library: string): Error => new Error(`${library}: cannot open shared object file: No such file or directory`);
  t.is(
    say({ [CUDA]: lacks('libcuda.so.1') }),
    `${CUDA} needs NVIDIA's driver, and its libcuda.so.1 was not found: install the driver, or pass device: 'cpu'.`,
  );
  t.is(
    say({ [CUDA]: lacks('libcublas.so.13') }),
    `${CUDA} needs the libraries of CUDA 13, and libcublas.so.13 was not found: install the CUDA 13 toolkit and let LD_LIBRARY_PATH name the folder of its libraries, or pass device: 'cpu'.`,
  );
  t.is(
    say({ [CUDA]: { ...addon, version: (): string => '1.0.0' } }),
    `innate and ${CUDA} must be of one version, and ${CUDA} is version 1.0.0, this package is 1.2.3: run \`npm install innate@1.2.3 ${CUDA}@1.2.3\`, or pass device: 'cpu'.`,
  );
  const damage = (name: string): string | undefined => (name === CUDA ? 'is damaged' : undefined);
  t.is(say({}, { damage }), `${CUDA} is damaged: delete node_modules/${CUDA} and run \`npm install\`, or pass device: 'cpu'.`);
  t.is(
    say({}, { platform: 'darwin-arm64' }),
    "innate has no binary with CUDA for darwin-arm64, only for linux-x64-gnu: pass device: 'cpu', or run it there.",
  );
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  t.regex(say({}, { root }), /: run `npm run build:cuda` and let NAPI_RS_NATIVE_LIBRARY_PATH name \S+-gnu\.node, or pass device: 'cpu'\.$/);
});

test('a package with a hash is held to it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'innate-damage-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const write = (manifest: unknown): void => writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const look = (): string | undefined => findDamage('some-package', () => join(folder, 'package.json'));
  const sha256 = createHash('sha256').update('binary').digest('hex');
  writeFileSync(join(folder, 'a.node'), 'binary');
  write({ main: 'a.node', innate: { sha256 } });
  t.is(look(), undefined);
  writeFileSync(join(folder, 'a.node'), 'binar');
  t.is(look(), 'is damaged');
  write({ main: 'b.node', innate: { sha256 } });
  t.is(look(), 'is damaged, with a file that cannot be read');
  write({ main: 'a.node' });
  t.is(look(), undefined, 'no hash, nothing to say');
  const absent = (): string => {
    throw new Error('no such package');
  };
  t.is(findDamage('some-package', absent), undefined);
});

test('platform names', (t) => {
  t.is(platformName({ platform: 'linux', arch: 'x64', musl: false }), 'linux-x64-gnu');
  t.is(platformName({ platform: 'linux', arch: 'arm64', musl: true }), 'linux-arm64-musl');
  t.is(platformName({ platform: 'darwin', arch: 'arm64', musl: false }), 'darwin-arm64');
  t.is(platformName({ platform: 'win32', arch: 'x64', musl: false }), 'win32-x64-msvc');
  t.true(PLATFORMS.some((name) => name === platformName(currentPlatform())));
});

test("another realm's errors are errors", (t) => {
  const elsewhere = (message: string, code: string): Error =>
    runInNewContext('Object.assign(new Error(message), { code })', { message, code }) as Error;
  const { message, path, cause } = fromNative(elsewhere('ERR_INPUT\u001fcontexts[3]\u001fout of range', 'GenericFailure'));
  t.is(path, 'contexts[3]');
  t.regex(message, /out of range/);
  t.false(cause instanceof Error);
  const missing = elsewhere("Cannot find module 'x'", 'MODULE_NOT_FOUND');
  const broken = elsewhere(`${LOCAL}: file too short\nand more`, 'ERR_DLOPEN_FAILED');
  const { candidates } = failure(t, {}, { require: (id) => thrown(id === LOCAL ? broken : missing) });
  t.deepEqual(candidates, [
    { from: LOCAL, reason: 'file too short' },
    { from: INSTALLED, reason: 'not found' },
  ]);
});

function thrown(error: Error): never {
  throw error;
}

test('native errors become typed ones', (t) => {
  const cases: [string, string, string, string | undefined][] = [
    ['ERR_OPTIONS\u001fhiddenSize\u001fmust be positive', 'OptionsError', 'ERR_OPTIONS', 'hiddenSize'],
    ['ERR_INPUT\u001fcontexts[3]\u001fout of range', 'InputError', 'ERR_INPUT', 'contexts[3]'],
    ['ERR_CHECKPOINT\u001f/x\u001fis cut short', 'CheckpointError', 'ERR_CHECKPOINT', '/x'],
    ['ERR_DEVICE\u001fdevice\u001fno CUDA', 'DeviceError', 'ERR_DEVICE', 'device'],
    ['ERR_NON_FINITE\u001floss\u001floss is NaN', 'NonFiniteError', 'ERR_NON_FINITE', 'loss'],
    ['ERR_CLOSED\u001f\u001fclosed', 'ClosedError', 'ERR_CLOSED', 'agent'],
    ['ERR_INTERNAL\u001f\u001fpanicked', 'InternalError', 'ERR_INTERNAL', undefined],
    ['anything else', 'InternalError', 'ERR_INTERNAL', undefined],
  ];
  for (const [message, name, code, path] of cases) {
    const error = fromNative(new Error(message));
    t.like(error, { name, code, path });
    t.truthy(error.remedy);
    t.true(InnateError.isInstance(error));
    t.is(fromNative(error), error, 'passes unchanged');
  }
  t.is(fromNative(new Error('ERR_CHECKPOINT\u001f/x\u001fis gone\u001fMake it.')).remedy, 'Make it.');
});
