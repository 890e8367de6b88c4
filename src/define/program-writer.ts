import { TaskError } from '../errors/task-error.js';
import { isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import type { MachineTool } from './task-machine.js';
import type { ArgumentValue } from './tool-parameters.js';

/**
 * A call that was written by hand, as tokens.
 *
 * @param call - The name of a tool, or the pair of name and arguments.
 * @param toolOf - The tool of a name.
 * @returns Token ids: the tool's, then one an argument.
 * @throws {@link TaskError} for what is no call.
 */
export function callTokens(call: unknown, toolOf: (name: string) => MachineTool): number[] {
  const [name, args] = Array.isArray(call) ? (call as unknown[]) : [call, undefined];
  const { token, parameters = [] } = toolOf(name as string);
  const path = `program.${String(name)}`;
  const given: Readonly<Record<string, unknown>> = isRecord(args) ? args : {};
  const unknown = Object.keys(given).find((key) => !parameters.some((parameter) => parameter.name === key));
  if (unknown !== undefined) {
    throw new TaskError(`has no parameter ${show(unknown)}.`, {
      path,
      remedy: parameters.length === 0 ? 'Leave the arguments out.' : `Give ${parameters.map((parameter) => parameter.name).join(', ')}.`,
    });
  }
  const argumentTokens = parameters.map(({ name: parameter, values, tokens }) => {
    const at = values.indexOf(given[parameter] as ArgumentValue);
    const argument = tokens[at];
    if (argument === undefined) {
      throw new TaskError(`is ${show(given[parameter])}.`, {
        path: `${path}.${parameter}`,
        remedy: `Write ['${String(name)}', { ${parameter}: … }] with one of ${values.map(show).join(', ')}.`,
      });
    }
    return argument;
  });
  return [token, ...argumentTokens];
}

/**
 * Reads the calls of a program that was written without mistakes, such as one that a search has found.
 *
 * @param program - Token ids.
 * @param tools - The tools.
 * @returns The calls: names of tools, and pairs of name and arguments for those with parameters.
 */
export function callsOf<Tool extends string>(
  program: readonly number[],
  tools: readonly MachineTool<Tool>[],
): (Tool | readonly [Tool, Record<string, string | number>])[] {
  const calls: (Tool | readonly [Tool, Record<string, string | number>])[] = [];
  for (let at = 0; at < program.length; at += 1) {
    const tool = tools.find(({ token }) => token === program[at]);
    if (tool?.parameters === undefined) {
      if (tool !== undefined) {
        calls.push(tool.name);
      }
      continue;
    }
    const args: Record<string, string | number> = {};
    for (const { name, values, tokens } of tool.parameters) {
      at += 1;
      const value = values[tokens.indexOf(program[at] ?? -1)];
      if (value !== undefined) {
        args[name] = value;
      }
    }
    calls.push([tool.name, args]);
  }
  return calls;
}
