/** One thing wrong with what a caller passed. */
export interface Issue {
  /** The bad value's place as the caller wrote it, such as `stages[2].until.successRate`. */
  readonly path: string;
  /** What is wrong, one clause: `must be above 0, got -1.` */
  readonly message: string;
  /** What to do about it, one sentence. */
  readonly remedy?: string | undefined;
}

/**
 * Puts several issues into the three texts of one error: the first issue gives the path, the others follow on lines of their own.
 *
 * @param issues - At least one.
 * @returns Path, text and remedies.
 */
export function joinIssues(issues: readonly Issue[]): { path: string; message: string; remedy: string | undefined } {
  const [first, ...others] = issues;
  const lines = others.map(({ path, message }) => `\n${path}: ${message}`);
  const remedies = [...new Set(issues.map(({ remedy }) => remedy).filter((remedy) => remedy !== undefined))];
  return {
    path: first?.path ?? '',
    message: `${first?.message ?? ''}${lines.join('')}${others.length > 0 ? '\n' : ''}`,
    remedy: remedies.length === 0 ? undefined : remedies.join(' '),
  };
}
