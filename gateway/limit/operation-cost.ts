import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { RequestLimitOptions } from './limit-options.ts';

export type CostOptions = Pick<
  RequestLimitOptions,
  'mutationCost' | 'introspectionCost' | 'assumedPageSize' | 'assumedListSize'
>;

/** The variables of a request as the client sent them. */
export type RawVariables = Readonly<Record<string, unknown>>;

export interface OperationCost {
  cost: number;
  /** Whether other variables could change the cost. */
  dependsOnVariables: boolean;
}

/**
 * Estimates how many fields an answer has at most. Each field costs 1; what is below a list counts as often as the list
 * is long. A connection's `first` or `last` is the length of the lists nearest below it (`edges`, `nodes`). Fragments
 * count wherever they are spread, and alternatives on an interface or union all count, so that adding to an operation
 * never makes it cheaper. Introspection costs the same whatever it
 * selects, as it has limits of its own. `document` has to be valid.
 */
export function operationCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: RawVariables,
  options: CostOptions,
): OperationCost {
  let dependsOnVariables = false;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const known = new Map<string, number>();

  const argumentValue = (argument: ArgumentNode | undefined): unknown => {
    const node = argument?.value;
    if (node?.kind === Kind.INT) return Number(node.value);
    if (node?.kind === Kind.BOOLEAN) return node.value;
    if (node?.kind !== Kind.VARIABLE) return undefined;
    dependsOnVariables = true;
    const name = node.name.value;
    if (Object.hasOwn(variables, name)) return variables[name];
    const fallback = operation.variableDefinitions?.find((each) => each.variable.name.value === name)?.defaultValue;
    if (fallback?.kind === Kind.INT) return Number(fallback.value);
    return fallback?.kind === Kind.BOOLEAN ? fallback.value : undefined;
  };

  const isLeftOut = (selection: SelectionNode): boolean =>
    (selection.directives ?? []).some((directive) => {
      const condition = () => argumentValue(directive.arguments?.find((argument) => argument.name.value === 'if'));
      if (directive.name.value === 'skip') return condition() === true;
      return directive.name.value === 'include' && condition() === false;
    });

  /** The page that a field is asked for; undefined where it takes neither `first` nor `last`. */
  const pageSize = (field: FieldNode, definition: GraphQLField<unknown, unknown>): number | undefined => {
    const sizes = definition.args
      .filter(({ name }) => name === 'first' || name === 'last')
      .map(({ name, defaultValue }) => {
        const given = argumentValue(field.arguments?.find((argument) => argument.name.value === name));
        return typeof given === 'number' ? given : defaultValue;
      });
    if (sizes.length === 0) return undefined;
    const numbers = sizes.filter((size): size is number => typeof size === 'number' && !Number.isNaN(size));
    // An empty page still has to be looked for, hence 1.
    return numbers.length > 0 ? Math.max(1, ...numbers) : options.assumedPageSize;
  };

  const fieldCost = (field: FieldNode, parent: GraphQLNamedType | undefined, page: number | undefined): number => {
    if (field.name.value === '__schema' || field.name.value === '__type') return options.introspectionCost;
    const definition =
      isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[field.name.value] : undefined;
    const own = definition && parent === schema.getMutationType() ? 1 + options.mutationCost : 1;
    if (!definition || !field.selectionSet) return own;
    const nearest = pageSize(field, definition) ?? page;
    const type = getNamedType(definition.type);
    if (!isListType(getNullableType(definition.type))) return own + selectionCost(field.selectionSet, type, nearest);
    return own + (nearest ?? options.assumedListSize) * selectionCost(field.selectionSet, type, undefined);
  };

  const fragmentCost = (name: string, page: number | undefined): number => {
    const key = `${name} ${page}`;
    const cost = known.get(key);
    if (cost !== undefined) return cost;
    const fragment = fragments.get(name);
    // Cycles are refused by validation; this keeps even an unvalidated one from going round.
    known.set(key, 0);
    const found = fragment
      ? selectionCost(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value), page)
      : 0;
    known.set(key, found);
    return found;
  };

  const selectionCost = (set: SelectionSetNode, parent: GraphQLNamedType | undefined, page: number | undefined) => {
    let cost = 0;
    for (const selection of set.selections) {
      if (isLeftOut(selection)) continue;
      if (selection.kind === Kind.FIELD) cost += fieldCost(selection, parent, page);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) cost += fragmentCost(selection.name.value, page);
      else {
        const condition = selection.typeCondition?.name.value;
        cost += selectionCost(selection.selectionSet, condition ? schema.getType(condition) : parent, page);
      }
    }
    return cost;
  };

  const root = schema.getRootType(operation.operation) ?? undefined;
  return { cost: selectionCost(operation.selectionSet, root, undefined), dependsOnVariables };
}
