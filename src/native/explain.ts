import { PLATFORMS } from './platform.js';

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

/**
 * Puts a failed search into one sentence.
 *
 * @param facts - What is known.
 * @returns The sentence: what is wrong, up to its colon, and what to do.
 */
export function explain({ platform, version, override, inClone, failures }: SearchFacts): { problem: string; remedy: string } {
  // A place with something in it says more than one with nothing.
  const decisive = failures.findLast(({ kind }) => kind !== 'missing');
  const name = `innate-${platform}`;
  if (override) {
    return {
      problem: `NAPI_RS_NATIVE_LIBRARY_PATH names ${override}, which ${decisive === undefined ? 'does not exist' : predicate(decisive)}`,
      remedy: `unset it, or let it name the addon of innate ${version}.`,
    };
  }
  if (inClone) {
    const what = decisive === undefined ? 'has not been built' : `cannot be used (${decisive.from} ${predicate(decisive)})`;
    return { problem: `the native part of this clone of innate for ${platform} ${what}`, remedy: 'run `npm run build`.' };
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
      problem: `${name}, the native part of innate for ${platform}, is not installed (tried ${tried})`,
      remedy: `run \`npm install ${name}@${version}\`, and leave optional dependencies in.`,
    };
  }
  if (decisive.kind === 'version') {
    return {
      problem: `innate and its native part must be of one version, and ${decisive.from} ${decisive.reason}`,
      remedy: `run \`npm install innate@${version} ${name}@${version}\`.`,
    };
  }
  const glibc = /GLIBC_([\d.]+)['’`]? not found/.exec(decisive.reason)?.[1];
  if (glibc !== undefined) {
    return {
      problem: `${name} needs glibc ${glibc} or newer, and this system's is older`,
      remedy: 'run it on a newer system, or install Rust and run `npm run build` in a clone of its repository.',
    };
  }
  return {
    problem: `${decisive.from} ${predicate(decisive)}`,
    remedy: `delete node_modules/${name} and run \`npm install\`.`,
  };
}

/** What a place is or does, to follow its name. */
function predicate({ kind, reason }: Failure): string {
  return kind === 'version' || reason.startsWith('is ') ? reason : `cannot be loaded (${reason})`;
}
