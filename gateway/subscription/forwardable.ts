import type { FetchNode } from '@apollo/query-planner';
import {
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

interface Operation {
  operation: OperationDefinitionNode;
  fragments: Record<string, FragmentDefinitionNode>;
}

/**
 * Whether an event of `primary` is the client's answer just as it comes from the subgraph, so that nothing has to be
 * shaped. Three things must hold:
 * 1. nothing is renamed on the way (no rewrites);
 * 2. the subgraph is asked for what the client asks for, selection by selection, so that no key, no `__typename` and no
 *    alias of the planner has to be taken out, and non-null fields have been enforced by the subgraph (the supergraph's
 *    types are never stricter than a subgraph's);
 * 3. no enum or abstract type in the answer has a member that clients may not see.
 * A wrong "no" costs time, a wrong "yes" would leak or lose: what is not recognised is a no.
 */
export function isForwardable(options: {
  primary: FetchNode;
  operationContext: Operation;
  apiSchema: GraphQLSchema;
  supergraphSchema: GraphQLSchema;
}): boolean {
  const { primary, operationContext, apiSchema, supergraphSchema } = options;
  if (primary.outputRewrites?.length || primary.contextRewrites?.length) return false;
  const asked = canonical(operationContext.operation.selectionSet, operationContext.fragments);
  return asked === canonicalDocument(primary.operation) && hidesNothing(operationContext, apiSchema, supergraphSchema);
}

function canonicalDocument(text: string): string | undefined {
  const document: DocumentNode = parse(text);
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  let operation: OperationDefinitionNode | undefined;
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    if (definition.kind === Kind.OPERATION_DEFINITION) operation = definition;
  }
  return operation && canonical(operation.selectionSet, fragments);
}

/** The selections in one spelling: fragments written out, order and repetition of no account. */
function canonical(set: SelectionSetNode, fragments: Record<string, FragmentDefinitionNode>): string {
  const parts = new Set(set.selections.map((selection) => canonicalSelection(selection, fragments)));
  return `{${[...parts].sort().join(' ')}}`;
}

function canonicalSelection(selection: SelectionNode, fragments: Record<string, FragmentDefinitionNode>): string {
  const directives = (selection.directives ?? [])
    .map((directive: DirectiveNode) => print(directive))
    .sort()
    .join(' ');
  switch (selection.kind) {
    case Kind.FIELD: {
      const { selectionSet, directives: _, ...field } = selection;
      return `${print(field)} ${directives} ${selectionSet ? canonical(selectionSet, fragments) : ''}`;
    }
    case Kind.INLINE_FRAGMENT: {
      const type = selection.typeCondition?.name.value ?? '';
      return `...on ${type} ${directives} ${canonical(selection.selectionSet, fragments)}`;
    }
    case Kind.FRAGMENT_SPREAD: {
      const fragment = fragments[selection.name.value];
      if (!fragment) return `...${selection.name.value}`;
      return `...on ${fragment.typeCondition.name.value} ${directives} ${canonical(fragment.selectionSet, fragments)}`;
    }
  }
}

function hidesNothing(
  { operation, fragments }: Operation,
  apiSchema: GraphQLSchema,
  supergraph: GraphQLSchema,
): boolean {
  const typeInfo = new TypeInfo(apiSchema);
  let hides = false;
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...Object.values(fragments)] };
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      Field() {
        const type = getNamedType(typeInfo.getType());
        if (type && membersOf(apiSchema, type.name) !== membersOf(supergraph, type.name)) hides = true;
      },
    }),
  );
  return !hides;
}

/** How many values an enum has, or how many object types an abstract type. */
function membersOf(schema: GraphQLSchema, name: string): number {
  const type = schema.getType(name);
  if (isEnumType(type)) return type.getValues().length;
  return isAbstractType(type) ? schema.getPossibleTypes(type).length : 0;
}
