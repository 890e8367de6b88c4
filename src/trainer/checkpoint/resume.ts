import { resolve } from 'node:path';
import { Agent } from '../../agent/agent.js';
import { readRuntimeOptions } from '../../agent/options.js';
import { throwDifferences } from '../../checkpoint/differences.js';
import { OptionsError } from '../../errors/options-error.js';
import type { TrainingKind } from '../../metrics/events.js';
import { readFilePath } from '../../util/file-path.js';
import { Issues } from '../../util/issues.js';
import { isRecord } from '../../util/kind.js';
import { OptionReader } from '../../util/option-reader.js';
import { show } from '../../util/show.js';
import type { Course } from '../course.js';
import type { ResumedRun } from '../run/run-control.js';
import { type FoundCheckpoint, findCheckpoint } from './find.js';
import { compareData } from './made-for.js';
import { mergedOptions, RUNTIME_OPTIONS } from './saved-options.js';
import { readTrainerState, type TrainerState, undamaged } from './trainer-state.js';

/** A run that can go on. */
export interface InterruptedRun {
  readonly course: Course<TrainingKind>;
  readonly state: TrainerState;
  readonly resumed: ResumedRun;
  /** Names of files of its folder that are no good. */
  readonly damaged: readonly string[];
  /** Of the last writer of its folder. */
  readonly token: number;
}

/** Makes a course with options as {@link Trainer.create} takes them, and an agent that has been trained. */
export type MakeCourse = (options: Readonly<Record<string, unknown>>) => Promise<Course<TrainingKind>>;

/**
 * Makes of a checkpoint what a trainer goes on with.
 *
 * @param path - What the caller passed: a folder, or a file.
 * @param options - The same.
 * @param make - Makes the course.
 * @returns The run.
 */
export async function readInterrupted(path: unknown, options: unknown, make: MakeCourse): Promise<InterruptedRun> {
  const issues = new Issues();
  const place = readFilePath(withoutSlash(path), issues);
  const reader = new OptionReader(options, issues);
  readRuntimeOptions(reader);
  if (reader.has('agent')) {
    issues.add('agent', 'cannot be given: a run goes on with the agent of its checkpoint.', 'Leave agent out.');
  }
  issues.throwIfAny(OptionsError);
  const given = isRecord(options) ? options : {};
  const found = await findCheckpoint(place);
  const { agent, state } = await load(found.file, given);
  try {
    return await restore(found, agent, state, given, make);
  } catch (error) {
    await agent.close();
    throw error;
  }
}

/** The agent, where it ran before unless something else is given. */
async function load(file: string, given: Readonly<Record<string, unknown>>): Promise<{ agent: Agent; state: TrainerState }> {
  const runtime = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
    Object.fromEntries(RUNTIME_OPTIONS.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]));
  const agent = await Agent.load(file, runtime(given));
  try {
    const state = readTrainerState(Agent.trainerOf(agent), file);
    const before = runtime({ ...state.setup.options, ...runtime(given) });
    if (Object.keys(before).length === Object.keys(runtime(given)).length) {
      return { agent, state };
    }
    const again = await Agent.load(file, before);
    await agent.close();
    return { agent: again, state };
  } catch (error) {
    await agent.close();
    throw error;
  }
}

async function restore(
  { file, folder, warnings, damaged, token }: FoundCheckpoint,
  agent: Agent,
  state: TrainerState,
  given: Readonly<Record<string, unknown>>,
  make: MakeCourse,
): Promise<InterruptedRun> {
  const { kind, options, madeFor, settings } = state.setup;
  const other = kind === 'task' ? 'environment' : 'task';
  const issues = new Issues();
  if (kind === 'environment' && given['environment'] === undefined) {
    issues.add('environment', 'must be given: the run was in environments.', 'Pass what makes them.');
  }
  if (given[other] !== undefined) {
    issues.add(other, `is ${show(given[other])}, and the run was ${PLACES[kind]}.`, `Pass the ${kind} that it was made for.`);
  }
  if (settings['reference'] === 'another agent' && given['reference'] === undefined) {
    issues.add('reference', 'must be given: the run was held to an agent of its own.', 'Pass that agent.');
  }
  const merged = mergedOptions(options, given, agent, folder, issues);
  issues.throwIfAny(OptionsError);
  const course = await make(merged);
  try {
    const remedy = `Pass the ${kind} that the run was made for.`;
    compareData(madeFor, course.described.madeFor, remedy, issues.at(kind));
    compareData(settings, course.described.settings, 'Leave it out, to go on with what the run was made with.', issues);
    throwDifferences(issues, file);
    undamaged(file, () => course.setState(state.course, state.run));
  } catch (error) {
    await course.close().catch(() => undefined);
    throw error;
  }
  const said = warnings.map((message) => ({
    code: 'checkpoint-damaged' as const,
    message,
    remedy: 'Look for what writes there, or for a failing disk.',
  }));
  return {
    course,
    state,
    resumed: { file, events: state.run.events, warnings: said },
    damaged,
    token: sameFolder(course, folder) ? token : 0,
  };
}

/** Whether checkpoints are written where this one was found. */
function sameFolder({ keeping }: Course<TrainingKind>, folder: string | undefined): boolean {
  return folder !== undefined && keeping.checkpoint?.folder === resolve(folder);
}

const PLACES = { task: 'on a task', environment: 'in environments' } as const;

/** A folder may be given with a slash behind it. */
function withoutSlash(path: unknown): unknown {
  return typeof path === 'string' && path.length > 1 ? path.replace(/[/\\]+$/, '') : path;
}
