import {
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { badOperation } from './refusal.ts';

/**
 * Refuses, with `BAD_USER_INPUT`, a subscription that does not select exactly one field unconditionally at its root.
 * Validation refuses several fields too, but not a conditional one, for which there is no query plan.
 */
export function checkRootField(document: DocumentNode, operation: OperationDefinitionNode): void {
  const names = new Set<string>();
  for (const field of rootFields(document, operation.selectionSet, new Set())) names.add(field);
  if (names.size !== 1) throw badOperation('A subscription must select exactly one field at its root.');
}

function* rootFields(document: DocumentNode, set: SelectionSetNode, spread: Set<string>): Generator<string> {
  for (const selection of set.selections) {
    refuseConditional(selection);
    if (selection.kind === Kind.FIELD) {
      yield selection.alias?.value ?? selection.name.value;
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      yield* rootFields(document, selection.selectionSet, spread);
    } else if (!spread.has(selection.name.value)) {
      spread.add(selection.name.value);
      yield* rootFields(document, fragmentNamed(document, selection.name.value), spread);
    }
  }
}

function fragmentNamed(document: DocumentNode, name: string): SelectionSetNode {
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name) return definition.selectionSet;
  }
  throw badOperation(`There is no fragment named "${name}" in this document.`);
}

function refuseConditional(selection: SelectionNode): void {
  const condition = selection.directives?.find(({ name }) => name.value === 'skip' || name.value === 'include');
  if (condition) {
    throw badOperation(
      `@${condition.name.value} cannot be used at the root of a subscription: leave the subscription out instead.`,
    );
  }
}
