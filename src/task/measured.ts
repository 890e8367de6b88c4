/** What programs reached on problems that were drawn afresh. */
export interface Measured {
  /** Share of the problems whose stated target was met, 0 to 1. */
  readonly successRate: number;
  /** Mean return of the programs. */
  readonly meanReturn: number;
}
