import { CUDA_PLATFORMS, PLATFORMS, type Variant } from './platform.js';

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
  const refused = explainRefusal(failures);
  if (refused !== undefined) {
    return refused;
  }
  if (override) {
    return {
      problem: `NAPI_RS_NATIVE_LIBRARY_PATH names ${override}, which ${decisive === undefined ? 'does not exist' : predicate(decisive)}`,
      remedy: `unset it, or let it name the addon of innate ${version}.`,
    };
  }
  const known: readonly string[] = variant === 'cuda' ? CUDA_PLATFORMS : PLATFORMS;
  if (!(known.includes(platform) || (inClone && variant === 'cpu'))) {
    return {
      problem: `innate has no binary${variant === 'cuda' ? ' with CUDA' : ''} for ${platform}, only for ${known.join(', ')}`,
      remedy: variant === 'cuda' ? "pass device: 'cpu', or run it there." : `run it on one of these, or ${BUILD}`,
    };
  }
  return variant === 'cuda' ? explainCuda(facts, decisive) : explainCpu(facts, decisive);
}

/** What Node.js was told not to do. */
function explainRefusal(failures: readonly Failure[]): Explanation | undefined {
  if (failures.some(({ reason }) => reason.includes('loading addons is disabled'))) {
    return {
      problem: 'this Node.js was told to load no native addons, and innate has one',
      remedy: 'leave --no-addons out, or pass --allow-addons beside --permission.',
    };
  }
  return failures.some(({ reason }) => reason.includes('Access to this API has been restricted')) ? UNREADABLE : undefined;
}

/** The permission model keeps the package from its own files. */
export const UNREADABLE: Explanation = {
  problem: 'this Node.js was told not to read the folder that innate is installed in',
  remedy: 'pass --allow-fs-read with that folder, and --allow-addons, beside --permission.',
};

const BUILD = 'install Rust and run `npm run build` in a clone of its repository.';

function explainCpu({ platform, version, inClone, failures }: SearchFacts, decisive: Failure | undefined): Explanation {
  const name = `innate-${platform}`;
  if (inClone) {
    const state = decisive === undefined ? 'has not been built' : `cannot be used (${decisive.from} ${predicate(decisive)})`;
    return { problem: `the native part of this clone of innate for ${platform} ${state}`, remedy: 'run `npm run build`.' };
  }
  if (decisive === undefined) {
    const tried = failures.map(({ from }) => from).join(' and ');
    return {
      problem: `${name}, the native part of innate for ${platform}, is not installed (tried ${tried})`,
      remedy: `run \`npm install ${name}@${version}\`, and leave optional dependencies in.`,
    };
  }
  return explainLibrary(decisive, name) ?? explainPackage(decisive, name, version);
}

function explainCuda({ platform, version, inClone }: SearchFacts, decisive: Failure | undefined): Explanation {
  const name = `innate-${platform}-cuda`;
  if (decisive !== undefined) {
    const { problem, remedy } = explainLibrary(decisive, name) ?? explainPackage(decisive, name, version);
    return { problem, remedy: remedy.replace(/\.$/, ", or pass device: 'cpu'.") };
  }
  const path = `build/addon-cuda/innate.${platform}.node`;
  const build = `run \`npm run build:cuda\` and let NAPI_RS_NATIVE_LIBRARY_PATH name ${path}`;
  const install = `run \`npm install ${name}@${version}\``;
  return {
    problem: `${name}, the part of innate for CUDA on ${platform}, is not installed`,
    remedy: `${inClone ? build : install}, or pass device: 'cpu'.`,
  };
}

/** A package that is there and of no use. */
function explainPackage(failure: Failure, name: string, version: string): Explanation {
  const { from, kind, reason } = failure;
  return kind === 'version'
    ? {
        problem: `innate and ${name} must be of one version, and ${from} ${reason}`,
        remedy: `run \`npm install innate@${version} ${name}@${version}\`.`,
      }
    : { problem: `${from} ${predicate(failure)}`, remedy: `delete node_modules/${name} and run \`npm install\`.` };
}

/** A library that the system lacks: the package itself is whole. */
function explainLibrary({ reason }: Failure, name: string): Explanation | undefined {
  const glibc = /GLIBC_([\d.]+)['’`]? not found/.exec(reason)?.[1];
  if (glibc !== undefined) {
    return {
      problem: `${name} needs glibc ${glibc} or newer, and this system's is older`,
      remedy: `run it on a newer system, or ${BUILD}`,
    };
  }
  const library = /(lib(?:cuda|cublas|cublasLt|curand)\.so[.\d]*): cannot open shared object file/.exec(reason)?.[1];
  if (library === 'libcuda.so.1') {
    return { problem: `${name} needs NVIDIA's driver, and its ${library} was not found`, remedy: 'install the driver.' };
  }
  return library === undefined
    ? undefined
    : {
        problem: `${name} needs the libraries of CUDA 13, and ${library} was not found`,
        remedy: 'install the CUDA 13 toolkit and let LD_LIBRARY_PATH name the folder of its libraries.',
      };
}

/** What a place is or does, to follow its name. */
function predicate({ kind, reason }: Failure): string {
  return kind === 'version' || reason.startsWith('is ') ? reason : `cannot be loaded (${reason})`;
}
