/** Added to variances. */
export const VARIANCE_EPSILON = 1e-8;
/** Beyond this many deviations a normalized number is cut off. */
export const MOST_DEVIATIONS = 10;
