/**
 * How large a request may be before it is refused. The figures hold for one request on HTTP and for one operation on a
 * WebSocket alike. Where a figure counts parts of the document, fragments are counted at every place that spreads them.
 */
export interface RequestLimitOptions {
  /** Bytes of the document's text in UTF-8. */
  sourceBytes: number;
  /** Lexical tokens of the document, comments aside. */
  tokens: number;
  /** Fields on the longest path from the root to a leaf, both included; introspection aside. */
  depth: number;
  /** Fields in all, introspection aside. */
  fields: number;
  /** Fields with an alias, in all. */
  aliases: number;
  /** Directives in all. */
  directives: number;
  /** Directives on one field, fragment, operation or variable. */
  directivesPerNode: number;
  /** Fields at the root of the operation. */
  rootFields: number;
  /** The estimate of `operationCost`: about how many fields the answer has. */
  cost: number;
  /** Cost of a root field of a mutation, beside what it selects. */
  mutationCost: number;
  /** Cost of `__schema` or `__type` at the root, whatever is selected below: introspection has limits of its own. */
  introspectionCost: number;
  /** The length of a page whose field takes `first` or `last` and has no default, where the request gives neither. */
  assumedPageSize: number;
  /** The length of a list that takes neither `first` nor `last`. */
  assumedListSize: number;
  /** `__schema` and `__type` fields at the root. */
  introspectionRoots: number;
  /** Fields on the longest path through introspection, `__schema` or `__type` included. */
  introspectionDepth: number;
  /** Fields of introspection in all. */
  introspectionFields: number;
  /** How many of introspection's lists that lead from type to type (`fields`, `interfaces`, …) may be nested. */
  introspectionLists: number;
  /** Bytes of the variables, about as JSON. */
  variableBytes: number;
  /** Objects and lists nested in the variables. */
  variableDepth: number;
  /** Characters of the documents whose validation is remembered, for each schema. */
  cachedCharacters: number;
}

/** What holds where the installation names nothing else. */
export const DEFAULT_REQUEST_LIMITS: Readonly<RequestLimitOptions> = {
  // Long texts belong in variables; generated clients with all their fragments stay below 20 KB.
  sourceBytes: 64 * 1024,
  // Validation compares fields of the same name pairwise: 2,000 tokens can cost it tens of milliseconds, not more.
  tokens: 2_000,
  // conversations > edges > node > messages > edges > node > run > agent > … > tool leaves room for four more.
  depth: 15,
  // The largest page of a console selects about 150.
  fields: 600,
  // Batching by alias is for a screen's widgets; guessing passwords takes hundreds.
  aliases: 30,
  // Each `@include` and `@skip` is evaluated for every row; a screen with a dozen switches is already rare.
  directives: 50,
  directivesPerNode: 4,
  // Each root field of a query plan is a call to a subgraph, each of a mutation a transaction.
  rootFields: 20,
  // A page of 100 rows with a nested page of 10 rows of 8 fields costs 8,000 to 9,000.
  cost: 10_000,
  mutationCost: 10,
  // The standard introspection query takes about as long as a page of a hundred rows with ten fields.
  introspectionCost: 1_000,
  // The default page of the API's connections.
  assumedPageSize: 20,
  // Lists without pages are bounded and short: the people in a room, the parts of a message.
  assumedListSize: 5,
  // An explorer asks for the schema once, an editor for a few types at once.
  introspectionRoots: 4,
  // The standard introspection query takes 15: schema, types, fields, args, type, nine times ofType, name.
  introspectionDepth: 16,
  // The standard introspection query has about 160.
  introspectionFields: 400,
  // From one type to its fields or relatives; a second step would multiply by the whole schema.
  introspectionLists: 1,
  // Below the body limit of the HTTP server, above the longest message that makes sense.
  variableBytes: 512 * 1024,
  // JSON Schemas of tools nest deeply; nothing else does.
  variableDepth: 32,
  // A parsed document takes some fifty times its text: at most about 100 MB.
  cachedCharacters: 2 * 1024 * 1024,
};
