import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Agent, ExportOptions } from 'innate';
import { inFolder } from '../../support/folder.js';

/** A tensor as both packages have it. */
export interface Tensor {
  readonly type: 'float32' | 'int32' | 'bool';
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly dims: readonly number[];
}

interface InferenceSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

interface OnnxRuntime {
  readonly env: { readonly wasm: { numThreads?: number } };
  readonly Tensor: new (type: Tensor['type'], data: Tensor['data'], dims: readonly number[]) => Tensor;
  readonly InferenceSession: { create(bytes: Uint8Array, options?: object): Promise<InferenceSession> };
}

/** Which package runs the models: both are tested. */
export const RUNTIMES = ['onnxruntime-node', 'onnxruntime-web'] as const;

/** How many programs or episodes a test compares; `npm run test:onnx -- --rows 10000` for more. */
export const ROWS = Number(process.env['INNATE_TEST_ROWS'] ?? 200);

/** tools/test-onnx.ts installs them there. */
const require = createRequire(join(process.cwd(), 'build/onnx/package.json'));

/** A model that was loaded. */
export class Model {
  readonly #runtime: OnnxRuntime;
  readonly #session: InferenceSession;

  constructor(runtime: OnnxRuntime, session: InferenceSession) {
    this.#runtime = runtime;
    this.#session = session;
  }

  get inputs(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputs(): readonly string[] {
    return this.#session.outputNames;
  }

  tensor(data: Tensor['data'], ...dims: readonly number[]): Tensor {
    const { Tensor: Made } = this.#runtime;
    if (data instanceof Float32Array) {
      return new Made('float32', data, dims);
    }
    return new Made(data instanceof Int32Array ? 'int32' : 'bool', data, dims);
  }

  /** Runs with those of the tensors that it takes; it is an error if one is missing. */
  run(tensors: Readonly<Record<string, Tensor | undefined>>): Promise<Record<string, Tensor>> {
    const feeds = Object.fromEntries(this.inputs.map((name) => [name, tensors[name] as Tensor]));
    return this.#session.run(feeds);
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** Exports an agent and loads the file. */
export async function exported(name: (typeof RUNTIMES)[number], agent: Agent, options: ExportOptions = {}): Promise<Model> {
  const runtime: OnnxRuntime = require(name);
  runtime.env.wasm.numThreads = 1;
  let bytes = new Uint8Array();
  await inFolder(async (folder) => {
    const path = join(folder, 'agent.onnx');
    await agent.export(path, options);
    bytes = new Uint8Array(await readFile(path));
  });
  return new Model(runtime, await runtime.InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 }));
}
