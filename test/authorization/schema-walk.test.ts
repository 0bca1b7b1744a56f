import {
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SUBGRAPH_NAMES } from '#core/subgraph/subgraph';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type OpenSubgraphs, openSubgraphs, PERMISSIONS } from './subgraphs.fixture.ts';

/** What Apollo's subgraph library adds for the gateway; `core/subgraph` has the rules for it. */
const OF_FEDERATION = new Set(['Query._service', 'Query._entities', '_Service.sdl']);

/** Lists that are short by their nature, and why. Every other list is a connection. */
const BOUNDED: Record<string, string> = {
  'AgentChange.hunks': 'of two texts of bounded length',
  'AgentDefinition.tools': '64 at most',
  'AgentDraft.problems': 'one or two for each field, tool and node of a draft at most',
  'AgentTeam.nodes': '20 at most',
  'AgentVersionDiff.changes': 'one for each field of a definition at most',
  'CreateRulePayload.warnings': '20 at most',
  'DisableRulePayload.warnings': '20 at most',
  'EnableRulePayload.warnings': '20 at most',
  'Conversation.tags': '50 at most',
  'MatchedRule.actions': '10 at most',
  'NotifyAction.roles': '10 at most',
  'NotifyAction.users': '50 at most',
  'Query.ruleFacts': 'the facts of one stage, a closed list',
  'RedactAction.detectors': 'a closed list',
  'RedactAction.patterns': '20 at most',
  'RollBackRulePayload.warnings': '20 at most',
  'RouteAction.to': '20 at most',
  'Rule.actions': '10 at most',
  'RuleDecision.reasons': 'one for each rule of an organization at most, which are bounded',
  'RuleReason.actions': '10 at most',
  'RuleRouting.candidates': '20 at most',
  'RuleRouting.reasons': 'a few words for each of 20 candidates at most',
  'RuleSimulation.results': '50 at most',
  'RuleSimulation.warnings': '20 at most',
  'RuleVersion.actions': '10 at most',
  'RuleVersionDiff.changes': 'one for each setting of a rule at most',
  'SimulatedDecision.actions': '10 at most for each rule of an organization, which are bounded',
  'SimulatedDecision.matched': 'one for each rule of an organization at most, which are bounded',
  'SimulatedDecision.trace': 'one for each rule of an organization at most, which are bounded',
  'TagAction.tags': '20 at most',
  'UpdateRulePayload.warnings': '20 at most',
  'ApiKey.scopes': 'permissions, a closed list',
  'AuditVerification.problems': '100 at most',
  'Conversation.participants': 'a room takes 100 at most',
  'DiffHunk.lines': 'of two texts of bounded length',
  'EventType.personalFields': 'a few of the fields of a type',
  'GroupChatTeam.rules': '50 at most',
  'HandoffTeam.edges': 'one for each pair of nodes at most',
  'Message.attachments': '10 at most that people send; of a model, what it makes in one answer',
  'ParallelTeam.branches': '20 at most',
  'Conversation.takeovers': 'one for all agents, and one for each of those that are in the room, 100 at most',
  'Conversation.readMarks': 'of those who are in the room, 100 at most',
  'Message.parts': 'made with the message, within its length',
  'Message.siblings': 'a conversation takes 1,000 versions of its messages at most',
  'Message.reactions': 'a message takes 20 different emoji at most',
  'MessageSearchEdge.snippet': 'of a bounded number of words',
  'RunRollback.sideEffects': 'calls of one run: 100 at most are told',
  'Query.eventTypes': 'a closed list',
  'Query.linkedAccounts': '20 for a person at most',
  'Query.logInProviders': 'those of the installation’s settings',
  'Query.modelProviders': 'a closed list',
  'Query.models': 'those of the configured providers',
  'Query.openLiveSessions': 'one for a person and room, and as many as the organization may have',
  'Query.permissions': 'a closed list',
  'TaskSchedule.nextRuns': 'takes `count`, 100 at most',
  'Query.taskKinds': 'a closed list',
  'Query.taskQueues': 'the first 100',
  'Query.taskThroughput': '200 spans at most, for each of the kinds',
  'Query.taskWorkers': '200 at most',
  'ReplayDeadLettersPayload.jobs': 'the first 100',
  'Query.tools': 'those of the installation',
  'Query.roles': '100 of an organization’s own at most',
  'Reaction.users': 'takes `first`, 100 at most',
  'Role.permissions': 'a closed list',
  'RouterTeam.groups': '20 at most',
  'RouterTeam.rules': '50 at most',
  'SequentialTeam.steps': '20 at most',
  'TeamGroup.nodes': '20 at most',
  'RoomPresence.here': 'of those who take part, 100 at most',
  'RoomPresence.typing': 'of those who take part, 100 at most',
  'Webhook.types': '50 at most',
  'WebhookDelivery.attempts': '20 at most',
  'Viewer.permissions': 'a closed list',
};

let test: TestDatabase;
let subgraphs: OpenSubgraphs;

beforeAll(async () => {
  test = await createTestDatabase(inject('adminUrl'));
  subgraphs = await openSubgraphs(test.url);
}, 120_000);

afterAll(async () => {
  await subgraphs?.close();
  await test?.drop();
});

const typesOf = (schema: GraphQLSchema): GraphQLNamedType[] =>
  Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type));

const objectsOf = (schema: GraphQLSchema): GraphQLObjectType[] => typesOf(schema).filter(isObjectType);

const schemaOf = (name: (typeof SUBGRAPH_NAMES)[number]): GraphQLSchema => {
  const schema = subgraphs.schemas.get(name);
  if (!schema) throw new Error(`There is no subgraph ${name}.`);
  return schema;
};

const fieldsOf = (schema: GraphQLSchema): string[] =>
  objectsOf(schema).flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));

const rulesOf = (name: (typeof SUBGRAPH_NAMES)[number]): string[] =>
  Object.entries(PERMISSIONS[name]).flatMap(([type, fields]) => Object.keys(fields).map((field) => `${type}.${field}`));

describe.each(SUBGRAPH_NAMES)('the subgraph %s', (name) => {
  it('has a rule for every field, hidden ones included', () => {
    const ruled = new Set(rulesOf(name));
    const fields = fieldsOf(schemaOf(name)).filter((field) => !OF_FEDERATION.has(field));
    expect(fields.length).toBeGreaterThan(50);
    expect(fields.filter((field) => !ruled.has(field))).toEqual([]);
  });

  it('has no rule for a field that there is not', () => {
    const fields = new Set(fieldsOf(schemaOf(name)));
    expect(rulesOf(name).filter((field) => !fields.has(field))).toEqual([]);
  });

  it('has rules that are rules', () => {
    for (const [type, fields] of Object.entries(PERMISSIONS[name])) {
      for (const [field, rule] of Object.entries(fields)) {
        const isRule = typeof (rule as { resolve?: unknown } | undefined)?.resolve === 'function';
        expect({ type, field, isRule }).toEqual({ type, field, isRule: true });
      }
    }
  });

  it('shields every field: the resolver is not the bare one', () => {
    const bare = objectsOf(schemaOf(name))
      .flatMap((type) =>
        Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, field })),
      )
      .filter(({ field }) => field.resolve === undefined)
      .map((each) => each.name);
    expect(bare).toEqual([]);
  });
});

describe('the API that clients see', () => {
  it('is made of fields that some subgraph has a rule for', () => {
    const ruled = new Set(SUBGRAPH_NAMES.flatMap(rulesOf));
    const fields = fieldsOf(subgraphs.apiSchema);
    expect(fields.length).toBeGreaterThan(200);
    expect(fields.filter((field) => !ruled.has(field))).toEqual([]);
  });

  it('has no type that leads nowhere: what subgraphs alone need is hidden', () => {
    const schema = subgraphs.apiSchema;
    const known = new Set<GraphQLNamedType>();
    const visit = (type: GraphQLNamedType) => {
      if (known.has(type)) return;
      known.add(type);
      if (isAbstractType(type)) for (const each of schema.getPossibleTypes(type)) visit(each);
      if (isObjectType(type) || isInterfaceType(type)) for (const each of type.getInterfaces()) visit(each);
      if (isInputObjectType(type))
        for (const { type: each } of Object.values(type.getFields())) visit(getNamedType(each));
      if (!isObjectType(type) && !isInterfaceType(type)) return;
      for (const field of Object.values(type.getFields())) {
        for (const { type: each } of [field, ...field.args]) visit(getNamedType(each));
      }
    };
    for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
      if (root) visit(root);
    }
    const unreached = typesOf(schema).filter((type) => !known.has(type) && !isScalarType(type));
    expect(unreached.map(({ name }) => name)).toEqual([]);
  });

  it('describes every type', () => {
    const types = typesOf(subgraphs.apiSchema).filter((type) => !(isScalarType(type) && isSpecifiedScalarType(type)));
    const roots = ['Query', 'Mutation', 'Subscription'];
    expect(
      types.filter(({ name, description }) => !description && !roots.includes(name)).map(({ name }) => name),
    ).toEqual([]);
  });

  it('describes every field at the root and every field that takes arguments', () => {
    const undescribed = objectsOf(subgraphs.apiSchema).flatMap((type) => {
      const isRoot = ['Query', 'Mutation', 'Subscription'].includes(type.name);
      return Object.values(type.getFields())
        .filter((field) => (isRoot || field.args.length > 0) && !field.description)
        .map((field) => `${type.name}.${field.name}`);
    });
    expect(undescribed).toEqual([]);
  });

  it('has connections for every list without a bound', () => {
    const lists = typesOf(subgraphs.apiSchema)
      .filter((type) => isObjectType(type) || isInterfaceType(type))
      .filter((type) => !type.name.endsWith('Connection'))
      .flatMap((type) =>
        Object.values(type.getFields())
          .filter((field) => isListType(getNullableType(field.type)))
          .map((field) => `${type.name}.${field.name}`),
      );
    expect(lists.sort()).toEqual(Object.keys(BOUNDED).sort());
  });

  it('takes and bounds the page of every connection', () => {
    const connections = objectsOf(subgraphs.apiSchema).flatMap((type) =>
      Object.values(type.getFields())
        .filter((field) => getNamedType(field.type).name.endsWith('Connection'))
        .map((field) => ({ name: `${type.name}.${field.name}`, args: field.args.map((arg) => arg.name) })),
    );
    expect(connections.length).toBeGreaterThan(8);
    for (const { name, args } of connections) {
      expect({ name, args }).toEqual({ name, args: expect.arrayContaining(['first', 'after']) });
    }
  });

  it('takes one argument named input in every mutation that takes any', () => {
    const mutation = subgraphs.apiSchema.getMutationType();
    const odd = Object.values(mutation?.getFields() ?? {}).filter(
      ({ args, type }) =>
        args.length > 1 || (args[0] && args[0].name !== 'input') || !/Payload$/.test(getNamedType(type).name),
    );
    expect(odd.map(({ name }) => name)).toEqual([]);
  });
});
