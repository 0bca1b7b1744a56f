import { type ASTVisitor, type DocumentNode, Kind, type ValidationContext, type ValidationRule } from 'graphql';
import { createMeasure, type DocumentSize } from './document-size.ts';
import { limitExceeded } from './limit-error.ts';
import type { RequestLimitOptions } from './limit-options.ts';

const OPERATION_SIZES: readonly (keyof DocumentSize)[] = [
  'depth',
  'fields',
  'aliases',
  'directives',
  'directivesPerNode',
  'rootFields',
  'introspectionRoots',
  'introspectionDepth',
  'introspectionFields',
  'introspectionLists',
];

/** A fragment is walked by every rule even where nothing spreads it. */
const FRAGMENT_SIZES: readonly (keyof DocumentSize)[] = ['depth', 'fields', 'introspectionFields'];

/**
 * A validation rule that refuses documents which are too large in any way that can be told without variables. Every
 * operation of a document has to pass, whichever is to run. Takes its place after graphql's own rules, as Apollo Server
 * puts it, and keeps them from walking a document that it refuses: comparing overlapping fields is where they are slow.
 */
export function createSizeRule(limits: RequestLimitOptions): ValidationRule {
  return (context: ValidationContext): ASTVisitor => ({
    Document(document) {
      const problems = findProblems(document, limits);
      for (const problem of problems) context.reportError(problem);
      // To a visitor, null deletes the node: nothing below it is visited by any rule.
      return problems.length > 0 ? null : undefined;
    },
  });
}

function findProblems(document: DocumentNode, limits: RequestLimitOptions) {
  const bytes = document.loc ? Buffer.byteLength(document.loc.source.body) : 0;
  if (bytes > limits.sourceBytes) return [limitExceeded('sourceBytes', limits.sourceBytes, bytes)];
  const measure = createMeasure(document);
  return document.definitions.flatMap((definition) => {
    const isOperation = definition.kind === Kind.OPERATION_DEFINITION;
    if (!isOperation && definition.kind !== Kind.FRAGMENT_DEFINITION) return [];
    const size = measure(definition);
    return (isOperation ? OPERATION_SIZES : FRAGMENT_SIZES)
      .filter((name) => size[name] > limits[name])
      .map((name) => limitExceeded(name, limits[name], size[name], definition));
  });
}
