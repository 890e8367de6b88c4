// What typedoc cannot be told in typedoc.json: the pages of docs/index.md, with their titles and groups, and that parameters and returned
// values need documentation as well. See docs/decisions/0015.
import { join, relative } from 'node:path';
import { Application, Converter, ReflectionKind } from 'typedoc';
import { contents } from '../docs.mjs';
import { ROOT } from './process.mjs';

const API_GROUPS = [
  'Classes',
  'Functions',
  'Variables',
  'Interfaces',
  'Type Aliases',
  'Constructors',
  'Properties',
  'Accessors',
  'Methods',
];

/** @param {import('typedoc').Application} app - The run of typedoc. */
export function load(app) {
  const pages = contents();
  app.on(Application.EVENT_BOOTSTRAP_END, () => {
    app.options.setValue(
      'projectDocuments',
      pages.map(({ file }) => join(ROOT, file)),
    );
    app.options.setValue('groupOrder', [...new Set(pages.map(({ group }) => group)), ...API_GROUPS]);
  });
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const path = document.project.files.getReflectionPath(document) ?? '';
    const page = pages.find(({ file }) => file === relative(ROOT, path).replaceAll('\\', '/'));
    if (page !== undefined) {
      document.name = page.title;
      document.frontmatter['group'] = page.group;
    }
  });
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const signature of project.getReflectionsByKind(ReflectionKind.SomeSignature)) {
      for (const missing of undocumented(/** @type {import('typedoc').SignatureReflection} */ (signature))) {
        app.logger.validationWarning(`${signature.getFriendlyFullName()}: ${missing} has no documentation`);
      }
    }
  });
}

/**
 * @param {import('typedoc').SignatureReflection} signature - A function, method, constructor or accessor.
 * @returns {string[]} Its parameters, and `@returns`, that nobody described.
 */
function undocumented(signature) {
  // A function that is a property's type is described by the property.
  const accessor = signature.kindOf(ReflectionKind.GetSignature | ReflectionKind.SetSignature);
  if (accessor || signature.parent.kindOf(ReflectionKind.TypeLiteral)) {
    return [];
  }
  const missing = (signature.parameters ?? []).filter((parameter) => !parameter.hasComment()).map(({ name }) => `parameter ${name}`);
  const silent = ['void', 'never', 'Promise<void>'].includes(signature.type?.toString() ?? 'void');
  const constructs = signature.kindOf(ReflectionKind.ConstructorSignature);
  if (!silent && !constructs && signature.comment?.getTag('@returns') === undefined) {
    missing.push('@returns');
  }
  return missing;
}
