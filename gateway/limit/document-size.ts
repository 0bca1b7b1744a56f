import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** The structure of an operation in figures, all of its fragments spread. Variables play no part in it. */
export interface DocumentSize {
  depth: number;
  fields: number;
  aliases: number;
  directives: number;
  directivesPerNode: number;
  rootFields: number;
  introspectionRoots: number;
  introspectionDepth: number;
  introspectionFields: number;
  introspectionLists: number;
}

/** A selection set; `lists` is only of interest below `__schema` and `__type`. */
type SelectionSize = DocumentSize & { lists: number };

const NOTHING: Readonly<SelectionSize> = {
  depth: 0,
  fields: 0,
  aliases: 0,
  directives: 0,
  directivesPerNode: 0,
  rootFields: 0,
  introspectionRoots: 0,
  introspectionDepth: 0,
  introspectionFields: 0,
  introspectionLists: 0,
  lists: 0,
};

/** The lists that lead from a type to others; each step multiplies the answer by their length. */
const TYPE_LISTS = new Set(['fields', 'inputFields', 'interfaces', 'possibleTypes', 'enumValues']);

/**
 * Measures what a document defines, fragments included whether or not they are used. Each fragment is measured once, so
 * that fragments which double one another cost no more than their text. A cycle of fragments, which validation reports,
 * counts as nothing here.
 */
export function createMeasure(
  document: DocumentNode,
): (definition: OperationDefinitionNode | FragmentDefinitionNode) => DocumentSize {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, SelectionSize>();

  const measureFragment = (name: string): SelectionSize => {
    const known = measured.get(name);
    if (known) return known;
    const fragment = fragments.get(name);
    measured.set(name, NOTHING);
    const size = fragment ? withDirectives(measureSelections(fragment.selectionSet), fragment) : NOTHING;
    measured.set(name, size);
    return size;
  };

  const measureField = (field: FieldNode): SelectionSize => {
    const below = field.selectionSet ? measureSelections(field.selectionSet) : NOTHING;
    const name = field.name.value;
    const size: SelectionSize = {
      ...below,
      depth: below.depth + 1,
      fields: below.fields + 1,
      aliases: below.aliases + (field.alias ? 1 : 0),
      rootFields: 1,
      lists: below.lists + (TYPE_LISTS.has(name) ? 1 : 0),
    };
    return withDirectives(name === '__schema' || name === '__type' ? asIntrospection(size) : size, field);
  };

  const measureSelections = (set: SelectionSetNode): SelectionSize => {
    const total = { ...NOTHING };
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) add(total, measureField(selection));
      else if (selection.kind === Kind.INLINE_FRAGMENT)
        add(total, withDirectives(measureSelections(selection.selectionSet), selection));
      else add(total, withDirectives(measureFragment(selection.name.value), selection));
    }
    return total;
  };

  return (definition) => {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) return withoutLists(measureFragment(definition.name.value));
    const size = { ...withDirectives(measureSelections(definition.selectionSet), definition) };
    for (const variable of definition.variableDefinitions ?? []) add(size, withDirectives(NOTHING, variable));
    return withoutLists(size);
  };
}

const withoutLists = ({ lists: _, ...size }: SelectionSize): DocumentSize => size;

/** Introspection has limits of its own: what is below its root leaves the ordinary figures. */
const asIntrospection = (size: SelectionSize): SelectionSize => ({
  ...size,
  depth: 1,
  fields: 1,
  lists: 0,
  introspectionRoots: size.introspectionRoots + 1,
  introspectionDepth: Math.max(size.introspectionDepth, size.depth),
  introspectionFields: size.introspectionFields + size.fields,
  introspectionLists: Math.max(size.introspectionLists, size.lists),
});

function withDirectives(size: SelectionSize, node: { readonly directives?: readonly unknown[] | undefined }) {
  const count = node.directives?.length ?? 0;
  if (count === 0) return size;
  return {
    ...size,
    directives: size.directives + count,
    directivesPerNode: Math.max(size.directivesPerNode, count),
  };
}

function add(total: SelectionSize, part: SelectionSize): void {
  total.fields += part.fields;
  total.aliases += part.aliases;
  total.directives += part.directives;
  total.rootFields += part.rootFields;
  total.introspectionRoots += part.introspectionRoots;
  total.introspectionFields += part.introspectionFields;
  total.depth = Math.max(total.depth, part.depth);
  total.directivesPerNode = Math.max(total.directivesPerNode, part.directivesPerNode);
  total.introspectionDepth = Math.max(total.introspectionDepth, part.introspectionDepth);
  total.introspectionLists = Math.max(total.introspectionLists, part.introspectionLists);
  total.lists = Math.max(total.lists, part.lists);
}
