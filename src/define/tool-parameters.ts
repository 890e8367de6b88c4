/** What a parameter of a tool can be: one of some texts, or a number from 0 below a count. */
export type ParameterShape = readonly string[] | number;

/** The parameters of a tool, by name, in the order in which they are emitted. */
export type ParameterShapes = Readonly<Record<string, ParameterShape>>;

/** The parameters of a tool that has none. */
export type NoParameters = Record<never, never>;

/** A value of a parameter. */
export type ArgumentValue = string | number;

/** Arguments of a call, by name, without their types. */
export type Arguments = Readonly<Record<string, ArgumentValue>>;

/** The numbers from 0 below `Count`; `number` where there are more than 64 of them. */
export type NumbersBelow<Count extends number, Seen extends readonly number[] = []> = number extends Count
  ? number
  : Seen['length'] extends Count
    ? Seen[number]
    : Seen['length'] extends 64
      ? number
      : NumbersBelow<Count, readonly [...Seen, Seen['length']]>;

/** The values of a parameter: `'full' | 'half'` of `['full', 'half']`, `0 | 1 | 2` of `3`; `number` beyond 64. */
export type ParameterValue<Shape> = Shape extends readonly (infer Text)[] ? Text : Shape extends number ? NumbersBelow<Shape> : never;

/** Arguments of a call, by name, from the parameters of its tool. */
export type ToolArguments<Shapes> = { readonly [Name in keyof Shapes]: ParameterValue<Shapes[Name]> };

/** The parameters of one of several tools, from those of all. */
export type ParametersOf<Parameters, Tool> = Tool extends keyof Parameters ? Parameters[Tool] : NoParameters;

/** Arguments of a call of one of several tools, from the parameters of all. */
export type ArgumentsOf<Parameters, Tool extends string> = unknown extends Parameters
  ? Arguments
  : { [Name in Tool]: keyof ParametersOf<Parameters, Name> extends never ? never : ToolArguments<ParametersOf<Parameters, Name>> }[Tool];

/** Arguments of a call of one tool, from the parameters of all: an empty object for a tool without parameters. */
export type CallArguments<Parameters, Tool> = unknown extends Parameters ? Arguments : ToolArguments<ParametersOf<Parameters, Tool>>;

/** A call as it is written down: the name of a tool, and with parameters the pair of name and arguments. */
export type ToolCall<Tool extends string = string, Parameters = unknown> = unknown extends Parameters
  ? Tool | readonly [Tool, Arguments]
  : {
      [Name in Tool]: keyof ParametersOf<Parameters, Name> extends never
        ? Name
        : readonly [Name, ToolArguments<ParametersOf<Parameters, Name>>];
    }[Tool];
