/**
 * A trained agent at work without the addon: pure TypeScript, for browsers and whatever else runs JavaScript.
 *
 * @module innate/infer
 */

export { CheckpointError } from './errors/checkpoint-error.js';
export { ClosedError } from './errors/closed-error.js';
export { type ErrorCode, type ErrorDetails, InnateError } from './errors/innate-error.js';
export { InputError } from './errors/input-error.js';
export type { Issue } from './errors/issue.js';
export { NonFiniteError } from './errors/non-finite-error.js';
export { OptionsError } from './errors/options-error.js';
export { Agent } from './infer/agent.js';
export type { AttentionOption, EncoderOption, NetworkInfo } from './infer/info.js';
export type { Ids, Prompts } from './infer/prompts.js';
export { Session, type SessionMaker } from './infer/session.js';
export type { CheckpointSource } from './infer/source.js';
export type { ActOptions, SessionOptions, SessionStep, SessionStepOptions } from './infer/stepping.js';
export type { SpaceLayout } from './spaces/layout.js';
export type { BoxSpace, DiscreteSpace, MultiDiscreteSpace, ObservationSpace, RecordSpace, Space } from './spaces/space.js';
