import test from 'ava';
import { InnateError, NativeLoadError } from 'innate';
import { fromNative } from '#dist/native/error.js';
import { findAddon, type LoadContext } from '#dist/native/find-addon.js';
import { currentPlatform, PLATFORMS, platformName } from '#dist/native/platform.js';

const addon = { BindingAgent: class {}, version: (): string => '1.2.3' };

function context(files: Record<string, unknown>, changes: Partial<LoadContext> = {}): LoadContext {
  return {
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

test('says what was tried, why it failed, and what to run', (t) => {
  const broken = new Error('libfoo.so: cannot open shared object file\nmore');
  const load = (): unknown => findAddon(context({ 'innate-linux-x64-gnu': broken }));
  const error = t.throws(load, { instanceOf: NativeLoadError, code: 'ERR_NATIVE_LOAD' });
  t.is(error?.platform, 'linux-x64-gnu');
  t.deepEqual(error?.candidates, [
    { from: '/nowhere/innate.linux-x64-gnu.node', reason: 'not found' },
    { from: 'innate-linux-x64-gnu', reason: 'libfoo.so: cannot open shared object file' },
  ]);
  t.is(error?.remedy, 'Run: npm install innate-linux-x64-gnu@1.2.3');
  t.is(error?.cause, broken);
});

test('refuses another version and what is no addon', (t) => {
  const old = { ...addon, version: (): string => '1.0.0' };
  const error = t.throws(() => findAddon(context({ '/nowhere/innate.linux-x64-gnu.node': old, 'innate-linux-x64-gnu': {} })), {
    instanceOf: NativeLoadError,
  });
  t.deepEqual(
    error?.candidates.map(({ reason }) => reason),
    ['is version 1.0.0, this package is 1.2.3', 'is not the addon of innate'],
  );
});

test('an override is the only place', (t) => {
  const files = { '/my/addon.node': addon, 'innate-linux-x64-gnu': addon };
  t.is(findAddon(context(files, { override: '/my/addon.node' })), addon);
  const error = t.throws(() => findAddon(context(files, { override: '/other.node' })), { instanceOf: NativeLoadError });
  t.is(error?.candidates.length, 1);
  t.true(error?.remedy?.includes('NAPI_RS_NATIVE_LIBRARY_PATH'));
});

test('a platform without a binary is told how to build', (t) => {
  const error = t.throws(() => findAddon(context({}, { platform: 'sunos-x64' })), { instanceOf: NativeLoadError });
  t.true(error?.remedy?.includes('npm run build'));
});

test('platform names', (t) => {
  t.is(platformName({ platform: 'linux', arch: 'x64', musl: false }), 'linux-x64-gnu');
  t.is(platformName({ platform: 'linux', arch: 'arm64', musl: true }), 'linux-arm64-musl');
  t.is(platformName({ platform: 'darwin', arch: 'arm64', musl: false }), 'darwin-arm64');
  t.is(platformName({ platform: 'win32', arch: 'x64', musl: false }), 'win32-x64-msvc');
  t.true(PLATFORMS.some((name) => name === platformName(currentPlatform())));
});

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
});
