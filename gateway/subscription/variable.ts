import { type GraphQLError, type GraphQLSchema, getVariableValues, Kind, type OperationDefinitionNode } from 'graphql';
import { badInputs } from '#core/error';

/** How many problems one refusal lists: enough to mend a form with, too few to flood a log with. */
const MAX_PROBLEMS = 20;

/**
 * Refuses, with `BAD_USER_INPUT`, values that do not fit the operation's variables. Nothing is returned: the subgraphs
 * coerce for themselves, so they are sent what the client sent.
 *
 * A value for a variable that the operation does not declare is refused as well. GraphQL over HTTP lets it pass, but in
 * a subscription it is most often a misspelt cursor, and ignoring that one would lose events without a word.
 */
export function checkVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  values: Record<string, unknown>,
): void {
  const definitions = operation.variableDefinitions ?? [];
  const declared = new Set(definitions.map((definition) => definition.variable.name.value));
  const unknown = Object.keys(values).filter((name) => !declared.has(name));
  if (unknown.length > 0) {
    throw badInputs(
      unknown
        .slice(0, MAX_PROBLEMS)
        .map((name) => ({ path: name, message: 'The operation declares no such variable.' })),
    );
  }
  const { errors } = getVariableValues(schema, definitions, values, { maxErrors: MAX_PROBLEMS });
  if (errors) throw badInputs(errors.map((error) => ({ path: variableOf(error), message: error.message })));
}

function variableOf(error: GraphQLError): string {
  const node = error.nodes?.[0];
  return node?.kind === Kind.VARIABLE_DEFINITION ? node.variable.name.value : 'variables';
}
