// The mutants of a TypeScript source: Stryker's standard mutators, and numbers besides.
import ts from 'typescript';

/**
 * @typedef {object} Mutant
 * @property {string} mutator - What kind of change.
 * @property {number} start - Where the replaced text begins.
 * @property {number} end - Where it ends.
 * @property {string} replacement - What stands there instead.
 */

const { SyntaxKind: K } = ts;

/** @type {ReadonlyMap<ts.SyntaxKind, readonly string[]>} */
const BINARY = new Map([
  [K.PlusToken, ['-']],
  [K.MinusToken, ['+']],
  [K.AsteriskToken, ['/']],
  [K.SlashToken, ['*']],
  [K.PercentToken, ['*']],
  [K.LessThanToken, ['<=', '>=']],
  [K.LessThanEqualsToken, ['<', '>']],
  [K.GreaterThanToken, ['>=', '<=']],
  [K.GreaterThanEqualsToken, ['>', '<']],
  [K.EqualsEqualsEqualsToken, ['!==']],
  [K.ExclamationEqualsEqualsToken, ['===']],
  [K.AmpersandAmpersandToken, ['||']],
  [K.BarBarToken, ['&&']],
  [K.QuestionQuestionToken, ['&&']],
  [K.AmpersandToken, ['|']],
  [K.BarToken, ['&']],
  [K.CaretToken, ['&']],
  [K.LessThanLessThanToken, ['>>']],
  [K.GreaterThanGreaterThanToken, ['<<']],
  [K.GreaterThanGreaterThanGreaterThanToken, ['<<']],
  [K.PlusEqualsToken, ['-=']],
  [K.MinusEqualsToken, ['+=']],
  [K.AsteriskEqualsToken, ['/=']],
  [K.SlashEqualsToken, ['*=']],
  [K.BarEqualsToken, ['&=']],
  [K.AmpersandEqualsToken, ['|=']],
  [K.CaretEqualsToken, ['&=']],
  [K.BarBarEqualsToken, ['&&=']],
  [K.AmpersandAmpersandEqualsToken, ['||=']],
  [K.QuestionQuestionEqualsToken, ['&&=']],
]);

/** Operators whose result is a condition, so that the whole may be true or false. */
const CONDITIONS = new Set([
  K.LessThanToken,
  K.LessThanEqualsToken,
  K.GreaterThanToken,
  K.GreaterThanEqualsToken,
  K.EqualsEqualsEqualsToken,
  K.ExclamationEqualsEqualsToken,
  K.AmpersandAmpersandToken,
  K.BarBarToken,
  K.InstanceOfKeyword,
  K.InKeyword,
]);

/** Method → method called instead; nothing: the call becomes its receiver. */
const METHODS = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['min', 'max'],
  ['max', 'min'],
  ['startsWith', 'endsWith'],
  ['endsWith', 'startsWith'],
  ['toLowerCase', 'toUpperCase'],
  ['toUpperCase', 'toLowerCase'],
  ['filter', ''],
  ['sort', ''],
  ['slice', ''],
  ['reverse', ''],
  ['trim', ''],
]);

/**
 * @param {string} fileName - Name, for the parser.
 * @param {string} text - The source.
 * @returns {Mutant[]} All its mutants, in the order of the text.
 */
export function mutantsOf(fileName, text) {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  /** @type {Mutant[]} */
  const mutants = [];
  /**
   * @param {string} mutator - Kind.
   * @param {ts.Node} node - What is replaced.
   * @param {...string} replacements - By what.
   */
  const add = (mutator, node, ...replacements) => {
    for (const replacement of replacements) {
      mutants.push({ mutator, start: node.getStart(source), end: node.end, replacement });
    }
  };
  /** @param {ts.Node} node - Anything. */
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || isModuleSpecifier(node)) {
      return;
    }
    mutate(node, source, add);
    node.forEachChild(visit);
  };
  visit(source);
  return mutants.sort((a, b) => a.start - b.start || a.end - b.end);
}

/**
 * @param {ts.Node} node - Anything.
 * @param {ts.SourceFile} source - Where it stands.
 * @param {(mutator: string, node: ts.Node, ...replacements: string[]) => void} add - Called for its mutants.
 */
function mutate(node, source, add) {
  if (ts.isBinaryExpression(node)) {
    mutateBinary(node, add);
  } else if (ts.isPrefixUnaryExpression(node)) {
    mutatePrefix(node, source, add);
  } else if (ts.isPostfixUnaryExpression(node)) {
    add('update', node, `${node.operand.getText(source)}${node.operator === K.PlusPlusToken ? '--' : '++'}`);
  } else if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
    const condition = ts.isIfStatement(node) ? node.expression : node.condition;
    if (!isCondition(condition)) {
      add('condition', condition, 'true', 'false');
    }
  } else if (ts.isWhileStatement(node) && !isCondition(node.expression)) {
    add('condition', node.expression, 'false');
  } else if (ts.isBlock(node)) {
    if (node.statements.length > 0) {
      add('block', node, '{}');
    }
  } else if (ts.isExpressionStatement(node)) {
    add('statement', node, ';');
  } else if (ts.isArrowFunction(node) && !ts.isBlock(node.body) && node.body.getText(source) !== 'undefined') {
    add('arrow', node.body, 'undefined');
  } else if (ts.isCaseClause(node) && node.statements.length > 0) {
    add('case', node, `case ${node.expression.getText(source)}:`);
  } else if (ts.isObjectLiteralExpression(node)) {
    if (node.properties.length > 0) {
      add('object', node, '{}');
    }
  } else if (ts.isArrayLiteralExpression(node) && !isAssignmentTarget(node)) {
    add('array', node, node.elements.length === 0 ? '["mutant"]' : '[]');
  } else if (ts.isCallExpression(node)) {
    mutateCall(node, source, add);
  } else if (ts.isPropertyAccessExpression(node) && node.questionDotToken !== undefined) {
    add('optional', node.questionDotToken, '.');
  } else {
    mutateLiteral(node, add);
  }
}

/**
 * @param {ts.BinaryExpression} node - Operation or assignment.
 * @param {(mutator: string, node: ts.Node, ...replacements: string[]) => void} add - Called for its mutants.
 */
function mutateBinary(node, add) {
  const { operatorToken, left, right } = node;
  const text =
    operatorToken.kind === K.PlusToken && [left, right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));
  if (!text) {
    add('operator', operatorToken, ...(BINARY.get(operatorToken.kind) ?? []));
  }
  if (CONDITIONS.has(operatorToken.kind)) {
    const loops = ts.isForStatement(node.parent) || ts.isWhileStatement(node.parent);
    add('condition', node, ...(loops ? ['false'] : ['true', 'false']));
  }
}

/**
 * @param {ts.PrefixUnaryExpression} node - Such as `!x`.
 * @param {ts.SourceFile} source - Where it stands.
 * @param {(mutator: string, node: ts.Node, ...replacements: string[]) => void} add - Called for its mutants.
 */
function mutatePrefix(node, source, add) {
  const operand = node.operand.getText(source);
  if (node.operator === K.ExclamationToken) {
    add('not', node, operand);
  } else if (node.operator === K.MinusToken) {
    add('unary', node, `+${operand}`);
  } else if (node.operator === K.TildeToken) {
    add('unary', node, operand);
  } else if (node.operator === K.PlusPlusToken || node.operator === K.MinusMinusToken) {
    add('update', node, `${node.operator === K.PlusPlusToken ? '--' : '++'}${operand}`);
  }
}

/**
 * @param {ts.CallExpression} node - Call.
 * @param {ts.SourceFile} source - Where it stands.
 * @param {(mutator: string, node: ts.Node, ...replacements: string[]) => void} add - Called for its mutants.
 */
function mutateCall(node, source, add) {
  const callee = node.expression;
  const other = ts.isPropertyAccessExpression(callee) ? METHODS.get(callee.name.text) : undefined;
  if (!ts.isPropertyAccessExpression(callee) || other === undefined) {
    return;
  }
  if (other === '') {
    add('method', node, callee.expression.getText(source));
  } else {
    add('method', callee.name, other);
  }
}

/**
 * @param {ts.Node} node - Literal, or something else that has no mutant.
 * @param {(mutator: string, node: ts.Node, ...replacements: string[]) => void} add - Called for its mutants.
 */
function mutateLiteral(node, add) {
  if (node.kind === K.TrueKeyword || node.kind === K.FalseKeyword) {
    add('boolean', node, node.kind === K.TrueKeyword ? 'false' : 'true');
  } else if (ts.isStringLiteralLike(node) && !isName(node)) {
    add('text', node, node.text === '' ? '"mutant"' : '""');
  } else if (ts.isTemplateExpression(node)) {
    add('text', node, '``');
  } else if (ts.isNumericLiteral(node) && !isFallback(node)) {
    add('number', node, `(${node.text} + 1)`);
  } else if (ts.isRegularExpressionLiteral(node)) {
    const { text } = node;
    const changed = [text.replace('/^', '/'), text.replace(/\$(?=\/\w*$)/, ''), text.replace('\\d', '\\D'), text.replace('*', '')];
    add('regex', node, ...changed.filter((other) => other !== text));
  }
}

/**
 * @param {ts.Node} node - Anything.
 * @returns {boolean} Whether {@link mutateBinary} or {@link mutatePrefix} already make it true and false, or something like it.
 */
function isCondition(node) {
  return ts.isBinaryExpression(node) && CONDITIONS.has(node.operatorToken.kind);
}

/**
 * @param {ts.NumericLiteral} node - Number.
 * @returns {boolean} Whether it only satisfies the compiler: what an index would give that is never out of bounds.
 */
function isFallback(node) {
  const { parent } = node;
  return (
    ts.isBinaryExpression(parent) &&
    parent.operatorToken.kind === K.QuestionQuestionToken &&
    parent.right === node &&
    (ts.isElementAccessExpression(parent.left) || ts.isPropertyAccessExpression(parent.left))
  );
}

/**
 * @param {ts.ArrayLiteralExpression} node - In brackets.
 * @returns {boolean} Whether it is assigned to rather than made.
 */
function isAssignmentTarget(node) {
  const { parent } = node;
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === K.EqualsToken && parent.left === node;
}

/**
 * @param {ts.Node} node - Text.
 * @returns {boolean} Whether it names a property.
 */
function isName(node) {
  return ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

/**
 * @param {ts.Node} node - Anything.
 * @returns {boolean} Whether it is part of an import, or an export from elsewhere.
 */
function isModuleSpecifier(node) {
  return ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
}
