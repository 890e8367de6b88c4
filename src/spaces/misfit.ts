/** A value that is not of its space. Never leaves this package: who asked for the value makes a typed error of it. */
export class Misfit extends Error {
  readonly #brand = true;
  /** The bad part of the value: empty for the value itself, or such as `.position[2]`. */
  readonly path: string;
  /** What to do about it, one sentence. */
  readonly remedy: string;

  /**
   * @param path - The bad part of the value.
   * @param reason - What is wrong, one clause with its period.
   * @param remedy - What to do about it.
   */
  constructor(path: string, reason: string, remedy: string) {
    super(reason);
    this.path = path;
    this.remedy = remedy;
  }

  /** @param value - Anything that was thrown. @returns Whether it is one. */
  static isInstance(value: unknown): value is Misfit {
    return typeof value === 'object' && value !== null && #brand in value && value.#brand;
  }
}
