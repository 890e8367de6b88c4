import type { Variant } from './find-addon.js';
import { CUDA_PLATFORMS, PLATFORMS } from './platform.js';

/** One place that did not give the addon. */
export interface Failure {
  /** File or package. */
  readonly from: string;
  /** Nothing there; there and of another version; there and not to be loaded. */
  readonly kind: 'missing' | 'version' | 'broken';
  /** Why, one line. */
  readonly reason: string;
}

/** What is known when no place gave the addon. */
export interface SearchFacts {
  /** Which binary. */
  readonly variant: Variant;
  /** Such as `linux-x64-gnu`. */
  readonly platform: string;
  /** The package's version. */
  readonly version: string;
  /** `NAPI_RS_NATIVE_LIBRARY_PATH`, if it was set. */
  readonly override: string | undefined;
  /** Whether the package is a clone of the repository rather than an installed one. */
  readonly inClone: boolean;
  /** Every place, in the order tried. */
  readonly failures: readonly Failure[];
}

/** A sentence: what is wrong, up to its colon, and what to do. */
export interface Explanation {
  /** What is wrong. */
  readonly problem: string;
  /** What to do. */
  readonly remedy: string;
}

/** What is said differently of the two binaries. */
interface Words {
  readonly name: string;
  readonly what: string;
  readonly build: string;
  readonly orElse: string;
}

/**
 * Puts a failed search into one sentence.
 *
 * @param facts - What is known.
 * @returns The sentence.
 */
export function explain(facts: SearchFacts): Explanation {
  const { variant, platform, version, override, inClone, failures } = facts;
  // A place with something in it says more than one with nothing.
  const decisive = failures.findLast(({ kind }) => kind !== 'missing');
  const words: Words =
    variant === 'cuda'
      ? {
          name: `innate-${platform}-cuda`,
          what: `CUDA part`,
          build: 'npm run build:cuda',
          orElse: ", or pass device: 'cpu'",
        }
      : { name: `innate-${platform}`, what: 'native part', build: 'npm run build', orElse: '' };
  const { name, what, build, orElse } = words;
  if (override) {
    return {
      problem: `NAPI_RS_NATIVE_LIBRARY_PATH names ${override}, which ${decisive === undefined ? 'does not exist' : predicate(decisive)}`,
      remedy: `unset it, or let it name the addon of innate ${version}.`,
    };
  }
  if (variant === 'cuda' && !CUDA_PLATFORMS.some((known) => known === platform)) {
    return {
      problem: `innate has no CUDA binary for ${platform}, only for ${CUDA_PLATFORMS.join(', ')}`,
      remedy: "pass device: 'cpu', or run it on one of these.",
    };
  }
  const library = decisive?.kind === 'broken' ? explainLibrary(decisive, words) : undefined;
  if (library !== undefined) {
    return library;
  }
  if (inClone) {
    const state = decisive === undefined ? 'has not been built' : `cannot be used (${decisive.from} ${predicate(decisive)})`;
    return { problem: `the ${what} of this clone of innate for ${platform} ${state}`, remedy: `run \`${build}\`${orElse}.` };
  }
  if (!PLATFORMS.some((known) => known === platform)) {
    return {
      problem: `innate has no binary for ${platform}, only for ${PLATFORMS.join(', ')}`,
      remedy: 'run it on one of these, or install Rust and run `npm run build` in a clone of its repository.',
    };
  }
  if (decisive === undefined) {
    const tried = failures.map(({ from }) => from).join(' and ');
    return {
      problem: `${name}, the ${what} of innate for ${platform}, is not installed (tried ${tried})`,
      remedy: `run \`npm install ${name}@${version}\`${orElse === '' ? ', and leave optional dependencies in' : orElse}.`,
    };
  }
  if (decisive.kind === 'version') {
    return {
      problem: `innate and its ${what} must be of one version, and ${decisive.from} ${decisive.reason}`,
      remedy: `run \`npm install innate@${version} ${name}@${version}\`.`,
    };
  }
  return { problem: `${decisive.from} ${predicate(decisive)}`, remedy: `delete node_modules/${name} and run \`npm install\`${orElse}.` };
}

/** A library that the system lacks: the package itself is whole. */
function explainLibrary({ reason }: Failure, { name, orElse }: Words): Explanation | undefined {
  const glibc = /GLIBC_([\d.]+)['’`]? not found/.exec(reason)?.[1];
  if (glibc !== undefined) {
    return {
      problem: `${name} needs glibc ${glibc} or newer, and this system's is older`,
      remedy: 'run it on a newer system, or install Rust and run `npm run build` in a clone of its repository.',
    };
  }
  const library = /(lib(?:cuda|cublas|cublasLt|curand|nvrtc)\.so[.\d]*): cannot open shared object file/.exec(reason)?.[1];
  if (library === 'libcuda.so.1') {
    return {
      problem: `${name} needs NVIDIA's driver, and its ${library} was not found`,
      remedy: `install the driver${orElse}.`,
    };
  }
  if (library !== undefined) {
    return {
      problem: `${name} needs the libraries of CUDA 13, and ${library} was not found`,
      remedy: `install the CUDA 13 toolkit and let LD_LIBRARY_PATH name the folder of its libraries${orElse}.`,
    };
  }
  return undefined;
}

/** What a place is or does, to follow its name. */
function predicate({ kind, reason }: Failure): string {
  return kind === 'version' || reason.startsWith('is ') ? reason : `cannot be loaded (${reason})`;
}
