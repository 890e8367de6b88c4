// What typedoc cannot be told in typedoc.json: the pages of docs/index.md, with their titles and groups, and that parameters and returned
// values need documentation as well. See docs/decisions/0015.
import { join, relative } from 'node:path';
import { Application, Converter, ReflectionKind, type SignatureReflection } from 'typedoc';
import { contents } from '../docs.js';
import { ROOT } from './process.js';

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

export function load(app: Application) {
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
      for (const missing of undocumented(signature as SignatureReflection)) {
        app.logger.validationWarning(`${signature.getFriendlyFullName()}: ${missing} has no documentation`);
      }
    }
  });
}

/** Its parameters, and `@returns`, that nobody described. */
function undocumented(signature: SignatureReflection): string[] {
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
