// The mutants of a TypeScript source: Stryker's standard mutators; numbers, statements and cases besides.
import ts from 'typescript';

const { SyntaxKind: K } = ts;

/** Operators, methods and constants that take each other's place. */
const PAIRS = [
  ...['+ -', '* /', '=== !==', '&& ||', '& |', '<< >>', '+= -=', '*= /=', '|= &=', '||= &&=', '++ --'],
  ...['true false', 'some every', 'min max', 'startsWith endsWith', 'toLowerCase toUpperCase'],
].map((pair) => pair.split(' '));

const INSTEAD = new Map([
  ...PAIRS.flatMap(
    ([a = '', b = '']) =>
      [
        [a, [b]],
        [b, [a]],
      ] as [string, string[]][],
  ),
  ['<', ['<=', '>=']],
  ['<=', ['<', '>']],
  ['>', ['>=', '<=']],
  ['>=', ['>', '<']],
  ['%', ['*']],
  ['^', ['&']],
  ['>>>', ['<<']],
  ['^=', ['&=']],
  ['??', ['&&']],
  ['??=', ['&&=']],
]);

/** Operators whose result is a condition, so that the whole may be true or false. */
const CONDITIONS = ['<', '<=', '>', '>=', '===', '!==', '&&', '||', 'instanceof', 'in'];

/** Methods without which a call becomes its receiver. */
const REMOVED = ['filter', 'sort', 'slice', 'reverse', 'trim'];

export interface Mutant {
  readonly start: number; // Where the replaced text begins.
  readonly end: number; // Where it ends.
  readonly replacement: string; // What stands there instead.
}

type Mutation = [replaced: ts.Node, ...replacements: string[]];

/** All its mutants, in the order of the text. */
export function mutantsOf(fileName: string, text: string): Mutant[] {
  const mutants: Mutant[] = [];
  const visit = (node: ts.Node) => {
    const typeOnly = ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
    if (typeOnly || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      return;
    }
    for (const [replaced, ...replacements] of mutationsOf(node)) {
      mutants.push(...replacements.map((replacement) => ({ start: replaced.getStart(), end: replaced.end, replacement })));
    }
    node.forEachChild(visit);
  };
  visit(ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS));
  return mutants.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** What may be replaced in it, its children apart. */
function mutationsOf(node: ts.Node): Mutation[] {
  if (ts.isBinaryExpression(node)) {
    const { operatorToken, left, right, parent } = node;
    const joinsText =
      operatorToken.kind === K.PlusToken && [left, right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));
    const loops = ts.isForStatement(parent) || ts.isWhileStatement(parent);
    return [
      [operatorToken, ...(joinsText ? [] : instead(operatorToken))],
      [node, ...(isCondition(node) ? ['true', 'false'].slice(loops ? 1 : 0) : [])],
    ];
  }
  if (ts.isPrefixUnaryExpression(node)) {
    const operator = ts.tokenToString(node.operator) ?? '';
    const others = { '!': [''], '~': [''], '-': ['+'], '+': [] }[operator] ?? INSTEAD.get(operator) ?? [];
    return [[node, ...others.map((other) => other + node.operand.getText())]];
  }
  if (ts.isPostfixUnaryExpression(node)) {
    return [[node, `${node.operand.getText()}${INSTEAD.get(ts.tokenToString(node.operator) ?? '')?.[0]}`]];
  }
  if (ts.isIfStatement(node) || ts.isConditionalExpression(node) || ts.isWhileStatement(node)) {
    const condition = ts.isConditionalExpression(node) ? node.condition : node.expression;
    return isCondition(condition) ? [] : [[condition, ...(ts.isWhileStatement(node) ? ['false'] : ['true', 'false'])]];
  }
  if (ts.isBlock(node)) {
    return node.statements.length > 0 ? [[node, '{}']] : [];
  }
  if (ts.isExpressionStatement(node)) {
    return [[node, ';']];
  }
  if (ts.isArrowFunction(node)) {
    return ts.isBlock(node.body) || node.body.getText() === 'undefined' ? [] : [[node.body, 'undefined']];
  }
  if (ts.isCaseClause(node)) {
    return node.statements.length > 0 ? [[node, `case ${node.expression.getText()}:`]] : [];
  }
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.length > 0 ? [[node, '{}']] : [];
  }
  if (ts.isArrayLiteralExpression(node)) {
    const { parent } = node;
    const isTarget = ts.isBinaryExpression(parent) && parent.operatorToken.kind === K.EqualsToken && parent.left === node;
    return isTarget ? [] : [[node, node.elements.length === 0 ? '["mutant"]' : '[]']];
  }
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression: receiver, name } = node.expression;
    return REMOVED.includes(name.text) ? [[node, receiver.getText()]] : [[name, ...instead(name)]];
  }
  if (ts.isPropertyAccessExpression(node)) {
    return node.questionDotToken === undefined ? [] : [[node.questionDotToken, '.']];
  }
  return literalMutations(node);
}

function literalMutations(node: ts.Node): Mutation[] {
  const { parent } = node;
  if (node.kind === K.TrueKeyword || node.kind === K.FalseKeyword) {
    return [[node, ...instead(node)]];
  }
  if (ts.isStringLiteralLike(node)) {
    const isName = ts.isPropertyAssignment(parent) && parent.name === node;
    return isName ? [] : [[node, node.text === '' ? '"mutant"' : '""']];
  }
  if (ts.isTemplateExpression(node)) {
    return [[node, '``']];
  }
  if (ts.isNumericLiteral(node)) {
    // What an index would give that is never out of bounds: it only satisfies the compiler.
    const isFallback =
      ts.isBinaryExpression(parent) &&
      parent.operatorToken.kind === K.QuestionQuestionToken &&
      parent.right === node &&
      (ts.isElementAccessExpression(parent.left) || ts.isPropertyAccessExpression(parent.left));
    return isFallback ? [] : [[node, `(${node.text} + 1)`]];
  }
  if (ts.isRegularExpressionLiteral(node)) {
    const { text } = node;
    const changed = [text.replace('/^', '/'), text.replace(/\$(?=\/\w*$)/, ''), text.replace('\\d', '\\D'), text.replace('*', '')];
    return [[node, ...changed.filter((other) => other !== text)]];
  }
  return [];
}

function instead(token: ts.Node) {
  return INSTEAD.get(token.getText()) ?? [];
}

function isCondition(node: ts.Node) {
  return ts.isBinaryExpression(node) && CONDITIONS.includes(node.operatorToken.getText());
}
