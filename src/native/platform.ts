/** Which binary: the one that every installation has, or the one with CUDA, which is installed by who wants it. */
export type Variant = 'cpu' | 'cuda';

/** Platforms that binaries are published for. */
export const PLATFORMS = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-arm64',
  'darwin-x64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
] as const;

/** Platforms that a binary with CUDA is published for, as a package of its own. */
export const CUDA_PLATFORMS = ['linux-x64-gnu'] as const;

/** What decides the platform. */
export interface PlatformFacts {
  /** `process.platform`. */
  readonly platform: string;
  /** `process.arch`. */
  readonly arch: string;
  /** On Linux: whether the C library is musl. */
  readonly musl: boolean;
}

/**
 * The platform's name in file and package names.
 *
 * @param facts - Operating system, processor, C library.
 * @returns Such as `linux-x64-gnu`; also for platforms without a published binary.
 */
export function platformName({ platform, arch, musl }: PlatformFacts): string {
  if (platform === 'linux') {
    return `linux-${arch}-${musl ? 'musl' : 'gnu'}`;
  }
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

/** @returns The facts of this process. */
export function currentPlatform(): PlatformFacts {
  return { platform: process.platform, arch: process.arch, musl: process.platform === 'linux' && isMusl() };
}

function isMusl(): boolean {
  // The report of a process on glibc names its version. Without the network part it takes well under a millisecond.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (before !== undefined) {
    report.excludeNetwork = before;
  }
  return header?.glibcVersionRuntime === undefined;
}
