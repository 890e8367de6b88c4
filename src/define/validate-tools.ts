import type { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import { entriesOf, isArrayIndex, isInteger, loose, optionalFunction } from './loose-definition.js';

/** The most calls that a tool can be called in: `when` is asked about them. */
const MAX_CALLS = 4096;

/**
 * Says what is wrong with the tools of a definition, their names apart.
 *
 * @param definition - As the user wrote it.
 * @param issues - Where it is said.
 */
export function validateTools(definition: object, issues: Issues): void {
  const fields = loose(definition);
  for (const [name, tool] of entriesOf(fields.tools)) {
    if (!isRecord(tool)) {
      issues.add(`tools.${name}`, 'is not an object.', 'Give { parameters, when, run, ends }, each optional.');
      continue;
    }
    for (const part of ['when', 'run']) {
      optionalFunction(tool[part], `tools.${name}.${part}`, issues);
    }
    if (tool['ends'] !== undefined && typeof tool['ends'] !== 'boolean') {
      issues.add(`tools.${name}.ends`, `is ${show(tool['ends'])}.`, 'Use true or false.');
    }
    if (tool['parameters'] !== undefined) {
      validateParameters(tool['parameters'], fields.horizon, issues.at(`tools.${name}`));
    }
  }
}

/** The texts of the values of all well-formed parameters, each once, with the path where it first occurs. */
export function argumentTexts(tools: unknown): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [name, tool] of entriesOf(tools)) {
    for (const [parameter, shape] of entriesOf(isRecord(tool) ? tool['parameters'] : undefined)) {
      for (const value of valuesOf(shape)) {
        if (!texts.has(value)) {
          texts.set(value, `tools.${name}.parameters.${parameter}`);
        }
      }
    }
  }
  return texts;
}

function validateParameters(parameters: unknown, horizon: unknown, issues: Issues): void {
  if (!isRecord(parameters)) {
    issues.add('parameters', `is ${show(parameters)}.`, "Give an object such as { amount: ['full', 'half'], line: 3 }.");
    return;
  }
  let calls = 1;
  for (const [name, shape] of Object.entries(parameters)) {
    const path = `parameters.${name}`;
    if (isArrayIndex(name)) {
      issues.add(path, 'is a number, which JavaScript moves before the other parameters.', 'Use a name.');
    }
    if (isTexts(shape)) {
      calls *= shape.length;
    } else if (isInteger(shape, 1, MAX_CALLS)) {
      calls *= Number(shape);
    } else {
      issues.add(path, `is ${show(shape)}.`, `Use a list of different texts, or how many numbers there are, from 1 to ${MAX_CALLS}.`);
    }
  }
  if (calls > MAX_CALLS) {
    issues.add('parameters', `make ${calls} different calls.`, `Use at most ${MAX_CALLS}, or several tools.`);
  }
  const tokens = 1 + Object.keys(parameters).length;
  if (typeof horizon === 'number' && tokens > horizon) {
    issues.add('parameters', `make a call of ${tokens} tokens, and the horizon is ${horizon}.`, 'Raise horizon.');
  }
}

function valuesOf(shape: unknown): readonly string[] {
  if (isInteger(shape, 1, MAX_CALLS)) {
    return Array.from({ length: Number(shape) }, (_, at) => String(at));
  }
  return isTexts(shape) ? shape : [];
}

function isTexts(shape: unknown): shape is readonly string[] {
  return (
    Array.isArray(shape) &&
    shape.length > 0 &&
    new Set(shape).size === shape.length &&
    shape.every((text) => typeof text === 'string' && text !== '')
  );
}
