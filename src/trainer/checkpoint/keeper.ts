import type { Agent } from '../../agent/agent.js';
import { CheckpointError } from '../../errors/checkpoint-error.js';
import type { RunPosition } from '../../metrics/events.js';
import type { JsonData } from '../../util/json-data.js';
import { messageOf } from './disk.js';
import { type CheckpointFacts, CheckpointFolder, Fenced } from './folder.js';
import type { CheckpointMetrics } from './manifest.js';
import type { CheckpointConfig } from './options.js';

/** Something to be said of a run's checkpoints, as soon as the run says something again. */
export type Notice =
  | { readonly type: 'checkpoint'; readonly file: string; readonly of: number }
  | { readonly type: 'warning'; readonly code: 'checkpoint-failed' | 'checkpoint-lost'; readonly message: string; readonly remedy: string };

/** What a run is kept with. */
export interface KeeperContext {
  readonly config: CheckpointConfig;
  readonly agent: Pick<Agent, 'encode'>;
  readonly metadata: JsonData | undefined;
  /** Names of files of the folder that are no good. */
  readonly damaged: readonly string[];
  /**
   * @param run - How the run goes on.
   * @returns That, and what else a trainer goes on with, as text.
   */
  readonly write: (run: unknown) => string;
}

/**
 * Keeps a run on its way: a checkpoint every so many iterations, and one at the end. What is written is taken between two iterations; the writing
 * itself goes on beside the training, and when it fails that is said, once, and training goes on.
 */
export class RunKeeper {
  readonly #context: KeeperContext;
  #folder: CheckpointFolder | undefined;
  #last: number;
  #writing: Promise<void> | undefined;
  #failed = false;
  #fenced = false;
  #notices: Notice[] = [];

  private constructor(context: KeeperContext, iterations: number) {
    this.#context = context;
    this.#last = iterations;
  }

  /**
   * @param context - What it is kept with.
   * @param iterations - Iterations of the run that are done.
   * @param known - Token of the last writer of the folder that the run knows of; 0: of none.
   * @returns The keeper, which holds the folder, if that can be written to.
   * @throws {@link CheckpointError} while another run writes into the folder, or where one has written that this one does not know of.
   */
  static async open(context: KeeperContext, iterations: number, known: number): Promise<RunKeeper> {
    const keeper = new RunKeeper(context, iterations);
    try {
      const { last } = await keeper.#acquire();
      if (last > known) {
        await keeper.close();
        const message = known === 0 ? 'holds the checkpoints of another run' : 'holds later checkpoints, of another run that went on';
        const remedy = 'Call Trainer.resume(folder) to go on with that run, or give this one a folder of its own.';
        throw new CheckpointError(`${message}: ${context.config.folder}.`, { path: 'checkpoint.folder', remedy });
      }
    } catch (error) {
      if (CheckpointError.isInstance(error)) {
        throw error;
      }
      keeper.#fail(error);
    }
    return keeper;
  }

  /**
   * @param iterations - Iterations of the run that are done.
   * @returns Whether a checkpoint is due. While the last one is still being written, the next one waits.
   */
  due(iterations: number): boolean {
    return iterations - this.#last >= this.#context.config.every && this.#writing === undefined && !this.#fenced;
  }

  /**
   * Begins to write a checkpoint of the agent as it is when the calls made before are done.
   *
   * @param run - How the run goes on.
   * @param position - Where it is.
   * @param metrics - What its stage was last measured at.
   * @throws TypeError where something of the run is no plain data.
   */
  keep(run: unknown, position: RunPosition, metrics: CheckpointMetrics): void {
    const { agent, metadata, write } = this.#context;
    const { iteration, index, name } = position;
    this.#last = iteration;
    const encoded = agent.encode(write(run), metadata);
    const facts = { iteration, index, stage: name, metrics };
    this.#writing = this.#write(encoded, facts).finally(() => {
      this.#writing = undefined;
    });
  }

  /**
   * A checkpoint could not be made: the next one is due as if it had been.
   *
   * @param error - Why.
   * @param iterations - Iterations of the run that are done.
   */
  fail(error: unknown, iterations: number): void {
    this.#last = iterations;
    this.#fail(error);
  }

  /** @returns What is to be said, once. */
  take(): readonly Notice[] {
    return this.#notices.splice(0);
  }

  /** @returns When nothing is being written. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  /** @param metrics - What was measured of the agent in the last checkpoint. */
  async remark(metrics: CheckpointMetrics): Promise<void> {
    await this.#writing;
    if (!this.#failed && !this.#fenced) {
      await this.#folder?.remark(metrics).catch((error: unknown) => this.#fail(error));
    }
  }

  /** Lets go of the folder. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#folder?.release();
    this.#folder = undefined;
  }

  async #acquire(): Promise<CheckpointFolder> {
    this.#folder ??= await CheckpointFolder.acquire(this.#context.config, this.#context.damaged);
    return this.#folder;
  }

  async #write(encoded: Promise<Uint8Array>, facts: CheckpointFacts): Promise<void> {
    try {
      const bytes = await encoded;
      const file = await (await this.#acquire()).write(bytes, facts);
      this.#failed = false;
      this.#notices.push({ type: 'checkpoint', file, of: facts.iteration });
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const reason = messageOf(error);
    const { folder } = this.#context.config;
    if (Fenced.isInstance(error)) {
      this.#fenced = true;
      const remedy = 'End this run: it was taken for dead, and another goes on in its place.';
      this.#notices.push({
        type: 'warning',
        code: 'checkpoint-lost',
        message: `${reason}: ${folder}. No more checkpoints are made here.`,
        remedy,
      });
    } else if (!this.#failed) {
      this.#failed = true;
      const remedy = 'Make room there, or let this process write: it is tried again. Training goes on.';
      this.#notices.push({
        type: 'warning',
        code: 'checkpoint-failed',
        message: `a checkpoint could not be written to ${folder}: ${reason}.`,
        remedy,
      });
    }
  }
}
