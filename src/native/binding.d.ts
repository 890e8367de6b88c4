/** Options of a native agent, resolved. */
export interface BindingAgentOptions {
  vocabSize: number
  stageCount: number
  hiddenSize: number
  horizon: number
  startToken: number
  batchContext: boolean
  actionMask?: Uint8Array
  /** Non-negative safe integer. */
  seed: number
  /** `cpu` or `cuda`. */
  device: string
  /** `fused` or `plain`. */
  engine: string
  /** 0: as many as the machine has. */
  threads: number
}
export interface BindingUpdateOptions {
  learningRate: number
  valueCoef: number
  entropyCoef: number
  maxGradNorm: number
  beta1: number
  beta2: number
  epsilon: number
}
export interface BindingRollout {
  actions: Int32Array
  logProbs: Float32Array
  entropies: Float32Array
  values: Float32Array
}
export interface BindingEvaluation {
  logits: Float32Array
  logProbs: Float32Array
  entropies: Float32Array
  values: Float32Array
}
export interface BindingUpdateStats {
  loss: number
  policyLoss: number
  valueLoss: number
  entropy: number
  gradNorm: number
  explainedVariance: number
}
export interface BindingTensor {
  name: string
  shape: Array<number>
  data: Float32Array
}
export interface BindingGradients {
  stats: BindingUpdateStats
  gradients: Array<BindingTensor>
}
/**
 * Rejections and throws carry `CODE\u001fPATH\u001fMESSAGE` as message. Calls on one agent are carried out in the order they are made, on
 * a native thread of the agent's own. Inputs are copied before the call returns.
 */
export declare class BindingAgent {
  /** Reads a checkpoint file; device, engine and threads are the caller's, the rest is the file's. */
  static load(path: string, device: string, engine: string, threads: number): Promise<BindingAgent>
  constructor(options: BindingAgentOptions)
  /** What the agent was made or loaded with. */
  readonly options: BindingAgentOptions
  /** Free text saved with the agent and given back after load (JSON, the TypeScript side's own). */
  rollout(contexts: Int32Array, stages: Int32Array, deterministic: boolean): Promise<BindingRollout>
  evaluateActions(contexts: Int32Array, stages: Int32Array, actions: Int32Array): Promise<BindingEvaluation>
  update(contexts: Int32Array, stages: Int32Array, actions: Int32Array, returns: Float32Array, options: BindingUpdateOptions): Promise<BindingUpdateStats>
  gradients(contexts: Int32Array, stages: Int32Array, actions: Int32Array, returns: Float32Array, options: BindingUpdateOptions): Promise<BindingGradients>
  stateDict(): Promise<Array<BindingTensor>>
  loadStateDict(tensors: Array<BindingTensor>): Promise<void>
  /** Writes weights, Adam's state, random streams, options and `note` to one file, atomically. */
  save(path: string, note: string): Promise<void>
  /** The `note` of the file this agent was loaded from, or an empty string. */
  note(): string
  /** Joins the native thread after what is queued; later calls reject with ERR_CLOSED. */
  close(): Promise<void>
}
export declare function version(): string
