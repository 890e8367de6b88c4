/** A part of docs/benchmarks.md. */
export interface Section {
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  /** SVG by file name without extension. */
  readonly charts?: Readonly<Record<string, string>>;
}
