// Decisions by HTTP, from the newest checkpoint of a folder that a run may still be writing to.
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { Agent, arithmetic, CheckpointError, type Session } from 'innate';

/** What a question is answered with. */
export interface Answer {
  /** Names of the tools, up to the one that ends the program. */
  readonly program: readonly string[];
  /** File of the checkpoint that decided. */
  readonly checkpoint: string;
}

/** Options of {@link DecisionServer.start}. */
export interface ServeOptions {
  /** Where checkpoints are, of a trainer's `checkpoint: { folder }`. */
  readonly folder: string;
  /** On 127.0.0.1; a free one where absent. */
  readonly port?: number;
  /** Milliseconds from one look at the folder to the next. 200 where absent. */
  readonly every?: number;
  /** Told of a checkpoint that is used from now on, and of one that cannot be. */
  readonly tell?: (line: string) => void;
}

interface InUse {
  readonly file: string;
  readonly agent: Agent;
  readonly session: Session;
}

/** The names say which checkpoint is newer: its writer's number counts, and then its own. */
const NAME = /^checkpoint-(\d+)-w(\d+)-[0-9a-f]{16}\.safetensors$/;

async function checkpointsOf(folder: string): Promise<string[]> {
  const numbers = (file: string) => (NAME.exec(file) ?? []).slice(1).map(Number) as [number, number];
  const files = (await readdir(folder)).filter((file) => NAME.test(file));
  return files.sort((a, b) => numbers(b)[1] - numbers(a)[1] || numbers(b)[0] - numbers(a)[0]);
}

/** A server, and the checkpoint that it decides by. */
export class DecisionServer {
  readonly #server: Server;
  readonly #folder: string;
  readonly #tell: (line: string) => void;
  #used: InUse | undefined;
  /** Those that could not be used; they are not read again. */
  readonly #refused = new Set<string>();
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** How often another checkpoint has come into use. */
  reloads = 0;

  private constructor({ folder, tell = () => undefined }: ServeOptions) {
    this.#folder = folder;
    this.#tell = tell;
    this.#server = createServer((request, response) => {
      const [, ...operands] = (request.url ?? '').split('/');
      if (operands.length !== 5 || !operands.every((digit) => /^\d$/.test(digit))) {
        response.writeHead(400).end('Ask for five digits, as in /7/3/5/2/4.');
        return;
      }
      const { status, body } = this.#answer(operands.map(Number));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }

  /** Reads the newest checkpoint, and listens. */
  static async start(options: ServeOptions): Promise<DecisionServer> {
    const { port = 0, every = 200 } = options;
    const serving = new DecisionServer(options);
    await serving.look();
    await new Promise<void>((resolve, reject) => {
      serving.#server.once('error', reject);
      serving.#server.listen(port, '127.0.0.1', resolve);
    });
    serving.#timer = setInterval(() => void serving.look(), every);
    return serving;
  }

  /** Where it listens. */
  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  /** Name of the checkpoint in use. */
  get checkpoint(): string | undefined {
    return this.#used?.file;
  }

  /** Takes the newest checkpoint that can be read into use, unless it is. One look at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#readNewest()
      .catch((error: unknown) => this.#tell(`The folder cannot be looked through: ${error}`))
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  /** Answers what has been asked, and then frees everything. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeIdleConnections();
    });
    await this.#looking;
    this.#used?.session.close();
    await this.#used?.agent.close();
  }

  async #readNewest(): Promise<void> {
    for (const file of await checkpointsOf(this.#folder)) {
      if (file === this.#used?.file) {
        return;
      }
      if (!this.#refused.has(file) && (await this.#use(file))) {
        return;
      }
    }
  }

  /** Everything is loaded beside what answers; the exchange is one assignment, between two requests. */
  async #use(file: string): Promise<boolean> {
    try {
      const agent = await Agent.load(join(this.#folder, file), { task: arithmetic, threads: 1 });
      const before = this.#used;
      this.#used = { file, agent, session: await agent.session() };
      this.reloads += before === undefined ? 0 : 1;
      this.#tell(`Decides by ${file}`);
      before?.session.close();
      await before?.agent.close();
      return true;
    } catch (error) {
      if (!(error instanceof CheckpointError)) {
        throw error;
      }
      // Damaged, of another task, or removed for a newer one since the folder was looked through.
      this.#refused.add(file);
      this.#tell(`Does not use ${file}: ${error.message}`);
      return false;
    }
  }

  #answer(operands: readonly number[]): { status: number; body: object } {
    try {
      const answer = this.#decide(operands);
      return answer === undefined ? { status: 503, body: { error: 'There is no checkpoint yet.' } } : { status: 200, body: answer };
    } catch (error) {
      // Such as weights that give no probabilities. The next checkpoint may be better: the server stays.
      return { status: 500, body: { error: String(error) } };
    }
  }

  /** Synchronous: no request comes in between, and so none sees two checkpoints. */
  #decide(operands: readonly number[]): Answer | undefined {
    if (this.#used === undefined) {
      return undefined;
    }
    const { session, file } = this.#used;
    const { contexts, stages } = arithmetic.encode([{ operands }], 'multiply-add-subtract-product');
    session.begin({ contexts, stages });
    const program: string[] = [];
    for (let step = 0; step < arithmetic.horizon && program.at(-1) !== '[ANS]'; step += 1) {
      const { actions } = session.step({ deterministic: true });
      program.push(arithmetic.vocabulary[actions[0] ?? 0] ?? '');
    }
    return { program, checkpoint: file };
  }
}
