/** What programs reached on problems that were drawn afresh. */
export interface Measured {
  /** Share of the problems whose stated target was met, 0 to 1. */
  readonly successRate: number;
  /** Mean return of the programs. */
  readonly meanReturn: number;
}

/** The same, with how the group that fares worst can be doing at best. */
export interface MeasuredGroups extends Measured {
  /** The lowest upper end of the groups' 95 % intervals of success, 0 to 1; undefined where nothing names groups. */
  readonly worstGroupAtMost?: number | undefined;
}
