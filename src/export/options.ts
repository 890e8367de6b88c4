import type { ModelSpec } from '../checkpoint/model-spec.js';
import { OptionsError } from '../errors/options-error.js';
import { Issues } from '../util/issues.js';
import { OptionReader } from '../util/option-reader.js';

/** Most steps or tokens that are written out one after another. */
const MOST = 1024;

/**
 * What an ONNX model does: `step`, one step from the states before it; `encoder`, the prompts before the first step of a task; `program`, whole programs
 * of a task in open loop.
 */
export type ExportForm = 'step' | 'encoder' | 'program';

/** Options of {@link Agent.export}. */
export interface ExportOptions {
  /**
   * What the model does. An agent of a task that is stepped needs `encoder` and `step`; one of an environment `step` alone.
   *
   * @defaultValue 'step'
   */
  readonly form?: ExportForm | undefined;
  /**
   * For `program`: whether the most probable tokens are taken. `false` makes uniform random numbers an input, `[batch, horizon]`, by which tokens are
   * sampled as the agent samples.
   *
   * @defaultValue true
   */
  readonly deterministic?: boolean | undefined;
  /**
   * Tokens of every context, 1 to 1024, for an agent with the encoder `gru`, whose steps are written out one after another; shorter prompts are filled up,
   * with their length beside them. Files of one agent that are used together need the same.
   *
   * @defaultValue the task's `contextLength`; where it has none, this has to be given
   */
  readonly contextLength?: number | undefined;
}

/** {@link ExportOptions}, checked. */
export interface ExportConfig {
  readonly form: ExportForm;
  readonly deterministic: boolean;
  /** Where it is fixed. */
  readonly contextLength: number | undefined;
}

/** What decides which options there are. */
export interface Exported {
  readonly spec: ModelSpec;
  readonly horizon: number;
  /** Of the task, where it has one. */
  readonly contextLength: number | undefined;
}

/**
 * @param options - What the caller passed.
 * @param exported - What is exported.
 * @returns The config.
 * @throws {@link OptionsError} saying all that is wrong.
 */
export function readExportOptions(options: unknown, exported: Exported): ExportConfig {
  const issues = new Issues();
  const reader = new OptionReader(options, issues);
  const form = reader.choice('form', 'step', ['step', 'encoder', 'program']);
  checkForm(form, exported, issues);
  const deterministic = form === 'program' && reader.boolean('deterministic', true);
  if (form !== 'program') {
    reader.refuse('deterministic', "is for form: 'program'.", "Leave it out: of a step's logits the caller chooses.");
  }
  const contextLength = readContextLength(reader, exported);
  reader.finish();
  issues.throwIfAny(OptionsError);
  return { form, deterministic, contextLength };
}

function checkForm(form: ExportForm, { spec, horizon }: Exported, issues: Issues): void {
  const use = "Use 'step', which takes what is observed.";
  if (form !== 'step' && spec.encoder.kind === 'none') {
    issues.add('form', `cannot be '${form}': the agent was made for an environment, which has no prompts.`, use);
  } else if (form === 'program' && spec.inputs.some(({ kind }) => kind === 'discrete' || kind === 'dense')) {
    issues.add('form', "cannot be 'program': the agent hears an answer before each step.", "Use 'encoder' and 'step'.");
  } else if (form === 'program' && horizon > MOST) {
    issues.add(
      'form',
      `cannot be 'program': ${horizon} steps are more than the ${MOST} that are written out.`,
      "Use 'encoder' and 'step'.",
    );
  }
}

function readContextLength(reader: OptionReader, { spec, contextLength }: Exported): number | undefined {
  if (spec.encoder.kind !== 'recurrent') {
    reader.refuse('contextLength', 'is for an agent that reads prompts in order.', 'Leave it out: contexts of any length are taken.');
    return undefined;
  }
  if (reader.has('contextLength')) {
    return reader.number('contextLength', 1, { integer: true, min: 1, max: MOST });
  }
  if (contextLength === undefined || contextLength > MOST) {
    const message = contextLength === undefined ? 'is missing.' : `of the task is ${contextLength}, and ${MOST} is the most.`;
    reader.issues.add('contextLength', message, `Pass the longest context there will be, at most ${MOST} tokens.`);
  }
  return contextLength;
}
