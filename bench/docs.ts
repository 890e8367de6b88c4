import { writeFileSync } from 'node:fs';
import type { CurveResults } from './curves.js';
import type { EventLoopResults } from './event-loop.js';
import type { InferenceResults } from './inference.js';
import type { IterationResults } from './iteration.js';
import { ROOT } from './lib/peers-folder.js';
import { type Measured, RESULTS, readResults } from './lib/results.js';
import type { MemoryResults } from './memory.js';
import type { ProfileResults } from './profile.js';
import { curvesSection } from './report/curves.js';
import { eventLoopSection } from './report/event-loop.js';
import { goalsTable } from './report/goals.js';
import { inferenceSection } from './report/inference.js';
import { INTRODUCTION, NOTES } from './report/introduction.js';
import { iterationSection } from './report/iteration.js';
import { memorySection } from './report/memory.js';
import { profileSection } from './report/profile.js';
import type { Section } from './report/section.js';

/** What docs/benchmarks.md and its charts are to be. */
export interface Docs {
  readonly markdown: string;
  /** SVG by file name without extension. */
  readonly charts: Readonly<Record<string, string>>;
}

/** @returns The documentation of what was measured last. */
export function renderDocs(): Docs {
  const iteration = readResults<IterationResults>('iteration');
  const curves = readResults<CurveResults>('curves');
  const memory = readResults<MemoryResults>('memory');
  const eventLoop = readResults<EventLoopResults>('event-loop');
  const inference = readResults<InferenceResults>('inference');
  const sections = [
    tell(iteration, iterationSection),
    tell(curves, curvesSection),
    tell(readResults<ProfileResults>('profile'), profileSection),
    tell(memory, memorySection),
    tell(eventLoop, eventLoopSection),
    tell(inference, inferenceSection),
  ].filter((section) => section !== undefined);
  const parts = [
    INTRODUCTION,
    `## What must hold\n\n${goalsTable({ iteration, curves, memory, eventLoop, inference })}`,
    ...sections.map(({ title, text }) => `## ${title}\n\n${text}`),
    NOTES,
  ];
  return {
    markdown: `${parts.join('\n\n')}\n`,
    charts: Object.assign({}, ...sections.map(({ charts }) => charts ?? {})) as Docs['charts'],
  };
}

/** Writes docs/benchmarks.md and its charts. */
export function writeDocs(): void {
  const { markdown, charts } = renderDocs();
  writeFileSync(`${ROOT}docs/benchmarks.md`, markdown);
  for (const [name, svg] of Object.entries(charts)) {
    writeFileSync(`${RESULTS}${name}.svg`, svg);
  }
}

function tell<T extends object>(results: (Measured & T) | undefined, section: (results: T) => Section): Section | undefined {
  if (results === undefined) {
    return undefined;
  }
  const { title, text, charts = {} } = section(results);
  const { cpu, cores, memoryGb, system, node, commit, date } = results.machine;
  const machine = `${cpu}, ${cores} cores, ${memoryGb} GiB, ${system}, Node ${node}; ${date}, commit ${commit}`;
  return { title, charts, text: `\`${results.command}\` (${machine})\n\n${text}` };
}
