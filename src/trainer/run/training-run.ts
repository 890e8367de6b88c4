import type { TrainingEvent, TrainingKind } from '../../metrics/events.js';
import { EventPipe } from './event-pipe.js';
import type { TrainingResult } from './result.js';

/**
 * A run under way. Await it for the result, or iterate over its events with `for await`, or both.
 *
 * It begins by itself in a microtask. While an iterator is attached, training goes on, and begins, only when the next event is asked for, so
 * that a slow consumer slows it and sees the agent as that event left it; leaving the loop ends the run cleanly, and the promise resolves with what was
 * done (`stopped: true`). An error is thrown to the loop and rejects the promise; when there is a loop, the promise need not be awaited.
 *
 * @example
 * ```ts
 * for await (const event of trainer.run([0, 1, 2])) {
 *   if (event.type === 'evaluation') console.log(event.name, event.eval.successRate);
 * }
 * ```
 *
 * @typeParam Kind - What is trained on.
 */
export class TrainingRun<Kind extends TrainingKind = 'task'> implements Promise<TrainingResult<Kind>>, AsyncIterable<TrainingEvent<Kind>> {
  readonly #pipe = new EventPipe<TrainingEvent<Kind>>();
  readonly #result: Promise<TrainingResult<Kind>>;
  #iterator: AsyncIterableIterator<TrainingEvent<Kind>, undefined> | undefined;

  /**
   * @param body - Does the training.
   * @internal
   */
  constructor(body: (pipe: EventPipe<TrainingEvent<Kind>>) => Promise<TrainingResult<Kind>>) {
    this.#result = this.#run(body);
  }

  /** For `Object.prototype.toString`. */
  get [Symbol.toStringTag](): string {
    return 'TrainingRun';
  }

  /**
   * Makes a run awaitable.
   *
   * @param onfulfilled - Called with the result.
   * @param onrejected - Called with the error.
   * @returns A promise of what the called function returns.
   */
  // biome-ignore lint/suspicious/noThenProperty: a run is awaitable by design
  then<A = TrainingResult<Kind>, B = never>(
    onfulfilled?: ((result: TrainingResult<Kind>) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.then(onfulfilled, onrejected);
  }

  /**
   * As of a promise.
   *
   * @param onrejected - Called with the error.
   * @returns A promise of the result, or of what the function returns.
   */
  catch<B = never>(onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<TrainingResult<Kind> | B> {
    return this.#result.catch(onrejected);
  }

  /**
   * As of a promise.
   *
   * @param onfinally - Called when the run has ended.
   * @returns A promise of the result.
   */
  finally(onfinally?: (() => void) | null): Promise<TrainingResult<Kind>> {
    return this.#result.finally(onfinally);
  }

  /**
   * What `for await` asks for.
   *
   * @returns The one iterator over the events from now on; asking again gives the same one. Its `next()` rejects once with what the run fails
   * with.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<TrainingEvent<Kind>, undefined> {
    this.#iterator ??= this.#iterate();
    return this.#iterator;
  }

  #iterate(): AsyncIterableIterator<TrainingEvent<Kind>, undefined> {
    const pipe = this.#pipe;
    const result = this.#result;
    pipe.attach();
    // The loop sees the error; a promise that nobody awaits must not report it a second time.
    result.catch(() => undefined);
    const leave = async (): Promise<IteratorReturnResult<undefined>> => {
      pipe.stop();
      await result;
      return { done: true, value: undefined };
    };
    const iterator: AsyncIterableIterator<TrainingEvent<Kind>, undefined> = {
      next: () => pipe.pull(),
      return: leave,
      throw: async (error) => {
        await leave();
        throw error;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  async #run(body: (pipe: EventPipe<TrainingEvent<Kind>>) => Promise<TrainingResult<Kind>>): Promise<TrainingResult<Kind>> {
    await Promise.resolve();
    const pipe = this.#pipe;
    try {
      const result = await body(pipe);
      pipe.end();
      return result;
    } catch (error) {
      pipe.fail(error);
      throw error;
    }
  }
}
